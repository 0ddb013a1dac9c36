"""What intake can be asked, and what it hears. Every input names the one stream that decides it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from shared.events.codes import About, AgeBand, Baby, Level, Measure, Route, Signal, Source
from shared.events.referral import Standing


@dataclass(frozen=True, slots=True)
class Worry:
    """A worry the edge found in an input: its signal, and who it is about, by kind."""

    signal_id: UUID
    code: str
    level: Level
    about: About

    @property
    def signal(self) -> Signal:
        """What travels with the referral, so that no other service raises it again (SAFETY S6)."""
        return Signal(signal_id=self.signal_id, code=self.code, level=self.level)


@dataclass(frozen=True, slots=True)
class ReceiveReferral:
    """A referral that can be read; who it is about is in the vault already, under the case's id."""

    case: UUID
    programme: str | None
    source: Source
    route: Route
    baby: Baby | None = None
    conditions: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    preferences: tuple[str, ...] = ()
    worries: tuple[Worry, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False
    sent_by: str | None = None
    heard_from: str | None = None

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class WithdrawReferral:
    """Her sender or she takes the referral back."""

    case: UUID
    reason: str

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class ChangeConsent:
    """Her word on one scope, as a named person heard it; `text_version` is the wording of the question."""

    case: UUID
    scope: str
    given: Literal["yes", "no", "not_asked"]
    how: str
    text_version: str
    by: str

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class CancelReferral:
    """The organisation that sent the referral cancels it by a message."""

    case: UUID
    organisation: str

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class UpdateReferral:
    """The organisation that sent the referral says more by a message; who she is is in the vault already."""

    case: UUID
    organisation: str
    baby: Baby | None = None
    conditions: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class RaiseWorries:
    """Worries in a later message of its sender: on record before anything else in that message counts (SAFETY S3)."""

    case: UUID
    organisation: str
    worries: tuple[Worry, ...]

    @property
    def stream(self) -> str:
        """The case decides which of them are new."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearStanding:
    """Triage or support took the case to where `standing` says."""

    case: UUID
    standing: Standing
    happened_at: datetime

    @property
    def stream(self) -> str:
        """The case decides, also when it is not known here yet."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """A request that a standard wants answered the same way for ever was refused with `status` and `code`."""

    organisation: str
    request: str
    status: int
    code: str

    @property
    def stream(self) -> str:
        """One stream per request id of an organisation."""
        return f"request/{self.organisation}/{self.request}"


@dataclass(frozen=True, slots=True)
class KeepRefusedWorry:
    """A refused message holds a worry: it is kept before the refusal is answered (SAFETY S3, S27)."""

    refusal: UUID
    organisation: str
    status: int
    code: str
    worry: Worry

    @property
    def stream(self) -> str:
        """One stream per refused message."""
        return f"refusal/{self.refusal}"


@dataclass(frozen=True, slots=True)
class KeepUnreadable:
    """A sender's body could not be read at all: somebody must ring them (SAFETY S27)."""

    refusal: UUID
    organisation: str
    status: int
    code: str

    @property
    def stream(self) -> str:
        """One stream per refused message."""
        return f"refusal/{self.refusal}"


CaseInput: TypeAlias = (
    ReceiveReferral | UpdateReferral | RaiseWorries | ChangeConsent | WithdrawReferral | CancelReferral | HearStanding
)
RefusalInput: TypeAlias = KeepRefusedWorry | KeepUnreadable
