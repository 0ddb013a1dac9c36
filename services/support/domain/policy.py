"""The numbers support decides by: data of the programme lead, checked when it is read."""

from datetime import timedelta
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from shared.events.codes import Code

Positive = Annotated[int, Field(ge=1, le=10_000)]


class Data(BaseModel):
    """A piece of the file: frozen and strict, so that a misspelt setting stops the service from starting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cap(Data):
    """How many people at once: for somebody new, and for anybody."""

    usual: Positive
    most: Positive


class Places(Data):
    """The whole file."""

    version: Code
    source: str
    owner: str
    gates: Annotated[tuple[Code, ...], Field(min_length=1)]
    cap: Cap
    hold_hours: Positive
    session_minutes_most: Positive
    late_by_hours: Annotated[int, Field(ge=0, le=48)]

    @property
    def hold(self) -> timedelta:
        """How long a place is kept."""
        return timedelta(hours=self.hold_hours)

    @property
    def clock_error(self) -> timedelta:
        """How far ahead a session's own time may be."""
        return timedelta(hours=self.late_by_hours)


def places_from(text: str) -> Places:
    """The file's content; raises `pydantic.ValidationError` or `yaml.YAMLError`."""
    return Places.model_validate(yaml.safe_load(text))
