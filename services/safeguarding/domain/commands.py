"""What safeguarding can be asked: each input names the one concern that decides it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.codes import About, Level

KIND = "concern"


def stream_of(concern: UUID) -> str:
    """The stream of a concern; its id is computed from the signal (`shared.events.ids.concern_id`)."""
    return f"{KIND}/{concern}"


@dataclass(frozen=True, slots=True)
class RaiseConcern:
    """Someone is worried. Both paths of a signal and the worry button end here; twice is once.

    `device` is the remembered phone it came from, if it came from one.
    """

    concern: UUID
    signal_id: UUID
    case: UUID | None
    level: Level
    about: About
    code: str
    observed_at: datetime
    device: UUID | None = None

    @property
    def stream(self) -> str:
        """The concern of this signal."""
        return stream_of(self.concern)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person of the rota takes the concern, and says what they will do and by when (SAFETY S21, S22)."""

    concern: UUID
    by_role: str
    next_step: str
    next_at: datetime

    @property
    def stream(self) -> str:
        """The concern that is taken."""
        return stream_of(self.concern)


@dataclass(frozen=True, slots=True)
class CloseConcern:
    """A lead closes the concern with what was done (SAFETY S22)."""

    concern: UUID
    reason: str
    actions: tuple[str, ...]

    @property
    def stream(self) -> str:
        """The concern that is closed."""
        return stream_of(self.concern)


@dataclass(frozen=True, slots=True)
class NotePage:
    """A channel took a page, or failed to; nobody is named."""

    concern: UUID
    ladder_level: int
    role: str
    channel: str
    delivered: bool

    @property
    def stream(self) -> str:
        """The concern the page was about."""
        return stream_of(self.concern)


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The timer fired. It always does; the state decides whether that means anything."""

    stream: str
    due_at: datetime


Input = RaiseConcern | Acknowledge | CloseConcern | NotePage | DeadlinePassed
