"""The limits of one-time links, read from data; a misspelt one stops a service from starting."""

from datetime import timedelta
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, PositiveInt


class LinkLimits(BaseModel):
    """See limits.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    source: str
    owner: str
    hours: PositiveInt
    tries: PositiveInt
    tries_a_minute: PositiveInt

    @property
    def life(self) -> timedelta:
        """How long a link lasts."""
        return timedelta(hours=self.hours)


def link_limits() -> LinkLimits:
    """The limits as shipped."""
    text = resources.files("shared.access.links").joinpath("limits.yaml").read_text("utf-8")
    return LinkLimits.model_validate(yaml.safe_load(text))
