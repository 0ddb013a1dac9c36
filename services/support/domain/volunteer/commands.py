"""What a volunteer's stream can be asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.events.codes import Code


@dataclass(frozen=True, slots=True)
class RegisterVolunteer:
    """A volunteer is ready: `gates` she passed, what she `can_give`; without `cap` she gets the usual one."""

    volunteer: UUID
    gates: tuple[Code, ...]
    can_give: tuple[Code, ...]
    cap: int | None = None

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class PauseVolunteer:
    """She takes no new people for now; no reason is asked."""

    volunteer: UUID

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class ResumeVolunteer:
    """She is ready again."""

    volunteer: UUID

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class HoldPlace:
    """Keep one of her places for a case while the mother is asked."""

    volunteer: UUID
    case: UUID

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides: only it can keep the cap."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class TakePlace:
    """The case's stream made the match: the held place is used."""

    volunteer: UUID
    case: UUID

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """The case's stream refused or ended the match: the place is free."""

    volunteer: UUID
    case: UUID
    reason: Code

    @property
    def stream(self) -> str:
        """The volunteer's own stream decides."""
        return f"volunteer/{self.volunteer}"


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The timer of a volunteer's stream fired; the state decides what, if anything, is due."""

    stream: str
    due_at: datetime


VolunteerInput: TypeAlias = (
    RegisterVolunteer | PauseVolunteer | ResumeVolunteer | HoldPlace | TakePlace | ReleasePlace | DeadlinePassed
)
