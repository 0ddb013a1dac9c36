"""What a case's stream in support can be asked, and what it hears."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from shared.events.codes import About, Channel, Code, Signal

SessionOutcome = Literal["took_place", "missed", "cancelled"]


@dataclass(frozen=True, slots=True)
class HearTriage:
    """A person accepted her for peer support, alone or beside specialist care."""

    case: UUID
    offer: Code | None
    joint_plan: bool
    text_unread: bool
    decided_at: datetime

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearTextRead:
    """A person read the free words of her referral."""

    case: UUID

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearMatchingConsent:
    """Her word on being introduced to a volunteer."""

    case: UUID
    given: Literal["yes", "no", "not_asked"]

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearTextUnread:
    """More words came with an update of her referral, and nobody has read them."""

    case: UUID

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearWithdrawal:
    """Her referral was taken back."""

    case: UUID
    reason: Code

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearPlaceHeld:
    """A volunteer's place is kept for this case until `until`."""

    case: UUID
    volunteer: UUID
    until: datetime

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearPlaceLapsed:
    """The place's time is over; the case says whether it was used in time."""

    case: UUID
    volunteer: UUID
    reason: Code

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class MakeMatch:
    """A named person matches her; `held_back` is safeguarding's answer, true also when there was none (SAFETY S24)."""

    case: UUID
    volunteer: UUID
    held_back: bool
    offer: Code | None = None

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class LogSession:
    """A session happened, or was missed; `faults` names the fields nobody could read, and never refuses it."""

    case: UUID
    session: UUID
    offer: Code
    channel: Channel
    minutes: int
    outcome: SessionOutcome
    attended: bool
    held_at: datetime
    reasons: tuple[Code, ...] = ()
    by: UUID | None = None
    faults: tuple[Code, ...] = ()

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class EndSupport:
    """A named person ends her support; `by` is "<role>/<id>", `held_back` as for a match."""

    case: UUID
    reason: Code
    review: bool
    by: Code
    held_back: bool

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class FlagWorry:
    """A worry, in a session or outside one; a record of its own, so that no fault beside it can discard it (S3).

    `device` is the remembered phone it came from, if it came from one.
    """

    signal: Signal
    case: UUID | None
    about: About
    observed_at: datetime
    device: UUID | None = None

    @property
    def stream(self) -> str:
        """The worry's own stream: one per signal, whatever else is true of the case."""
        return f"worry/{self.signal.signal_id}"


CaseInput: TypeAlias = (
    HearTriage
    | HearTextRead
    | HearTextUnread
    | HearMatchingConsent
    | HearWithdrawal
    | HearPlaceHeld
    | HearPlaceLapsed
    | MakeMatch
    | LogSession
    | EndSupport
)
