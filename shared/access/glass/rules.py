"""The reasons and the time for breaking the glass, read from data; a misspelt one stops a service from starting."""

from collections.abc import Mapping
from datetime import timedelta
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat


class Data(BaseModel):
    """A piece of the file: frozen and strict."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Telling(Data):
    """How often safeguarding is told of it, in seconds."""

    timeout: PositiveFloat
    first_retry: PositiveFloat
    longest_retry: PositiveFloat
    overdue_after: PositiveFloat

    def retry_after(self, attempts: int) -> timedelta:
        """How long to wait after so many failures: doubled each time, never more than the longest."""
        return timedelta(seconds=min(self.longest_retry, self.first_retry * 2 ** min(max(attempts - 1, 0), 20)))


class GlassRules(Data):
    """See rules.yaml."""

    version: str
    source: str
    owner: str
    minutes: Annotated[int, Field(ge=1, le=240)]
    reasons: Annotated[Mapping[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")], str], Field(min_length=1)]
    notice: Telling

    @property
    def life(self) -> timedelta:
        """Until it ends by itself."""
        return timedelta(minutes=self.minutes)


def glass_rules() -> GlassRules:
    """The rules as shipped."""
    text = resources.files("shared.access.glass").joinpath("rules.yaml").read_text("utf-8")
    return GlassRules.model_validate(yaml.safe_load(text))
