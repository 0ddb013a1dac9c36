"""What the figures count, as data that is printed beside them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.events.codes import Code


class Stages(BaseModel):
    """The three stages of the funnel, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    referred: str
    supported: str
    followed_up: str


class Definitions(BaseModel):
    """The whole file; `agreed: false` is shown as "default, not agreed"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Code
    source: str
    owner: str
    agreed: bool
    zone: str
    fewest_for_a_mean: Annotated[int, Field(ge=2)]
    stages: Stages
    change: str

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        ZoneInfo(name)
        return name

    @property
    def standing(self) -> str:
        """What is printed beside the version."""
        return self.version if self.agreed else f"{self.version} (default, not agreed)"

    def end_of(self, day: date) -> datetime:
        """The last millisecond of a local day, in UTC."""
        next_day = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return next_day.astimezone(UTC) - timedelta(milliseconds=1)


def definitions_from(text: str) -> Definitions:
    """The definitions in a YAML text. Raises `ValueError` naming the place that does not fit."""
    return Definitions.model_validate(yaml.safe_load(text))
