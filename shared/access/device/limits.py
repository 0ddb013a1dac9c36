"""The limits of remembered phones, read from data; a misspelt one stops a service from starting."""

import re
from datetime import timedelta
from importlib import resources
from itertools import pairwise

import yaml
from pydantic import BaseModel, ConfigDict, PositiveInt


class DeviceLimits(BaseModel):
    """See limits.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    source: str
    owner: str
    days: PositiveInt
    pin_digits: PositiveInt
    opened_hours: PositiveInt
    tries: PositiveInt

    @property
    def life(self) -> timedelta:
        """How long a phone is remembered."""
        return timedelta(days=self.days)

    @property
    def opened(self) -> timedelta:
        """How long one PIN opens it."""
        return timedelta(hours=self.opened_hours)

    def is_pin(self, said: str) -> bool:
        """Whether this may be a PIN: so many digits, not all the same and not counted up or down."""
        if not re.fullmatch(rf"[0-9]{{{self.pin_digits}}}", said):
            return False
        steps = {int(after) - int(before) for before, after in pairwise(said)}
        return steps not in ({0}, {1}, {-1})


def device_limits() -> DeviceLimits:
    """The limits as shipped."""
    text = resources.files("shared.access.device").joinpath("limits.yaml").read_text("utf-8")
    return DeviceLimits.model_validate(yaml.safe_load(text))
