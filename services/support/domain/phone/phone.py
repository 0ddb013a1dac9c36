"""A remembered phone that is forgotten: said once, so that whoever sees a worry from it knows (hazard S30).

What the phone opens is kept beside the journal and ends at once; this only tells that it did.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.events.codes import Code
from shared.events.event import Event
from shared.events.support import PhoneForgotten

KIND = "phone"


@dataclass(frozen=True, slots=True)
class ForgetPhone:
    """Her phone is lost, or she wants it forgotten; `by` is "<role>/<id>"."""

    device: UUID
    by: Code

    @property
    def stream(self) -> str:
        """The phone's own stream decides."""
        return f"{KIND}/{self.device}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """Nothing was said of it yet."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """It opens nothing any more."""


Phone: TypeAlias = Remembered | Forgotten


class NotOfThisStream(TypeError):
    """An event that no decision of this stream makes; folding it would hide a fault."""


def decide(asked: ForgetPhone, state: Phone, *, now: datetime) -> list[Event]:
    """Forgotten is forgotten: the same again says nothing new."""
    if isinstance(state, Forgotten):
        return []
    return [PhoneForgotten(occurred_at=now, device=asked.device, by=asked.by)]


def evolve(state: Phone, event: Event) -> Phone:
    """The phone after `event`."""
    if isinstance(event, PhoneForgotten):
        return Forgotten()
    raise NotOfThisStream(f"{type(event).__name__} on {type(state).__name__}")
