"""The time limits of sessions, read from data; a misspelt one stops a service from starting."""

from datetime import timedelta
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, PositiveInt


class SessionLimits(BaseModel):
    """See limits.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    source: str
    owner: str
    idle_minutes: PositiveInt
    longest_minutes: PositiveInt
    warn_minutes: PositiveInt
    again_minutes: PositiveInt
    attempt_minutes: PositiveInt

    @property
    def idle(self) -> timedelta:
        """Until a session that nobody uses is over."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        """Until any session is over."""
        return timedelta(minutes=self.longest_minutes)

    @property
    def again(self) -> timedelta:
        """How long ago she may have proved herself where that is asked again."""
        return timedelta(minutes=self.again_minutes)

    @property
    def attempt(self) -> timedelta:
        """Until a sign-in that was begun is forgotten."""
        return timedelta(minutes=self.attempt_minutes)


def session_limits() -> SessionLimits:
    """The limits as shipped."""
    text = resources.files("shared.access.session").joinpath("limits.yaml").read_text("utf-8")
    return SessionLimits.model_validate(yaml.safe_load(text))
