"""What triage can be asked: upstream facts it hears and what named people want, each for one stream."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from shared.events.codes import About, Code, Measure, Signal, Stage
from shared.events.referral import ReferralReceived, ReferralUpdated
from shared.events.triage import TriageOutcome


@dataclass(frozen=True, slots=True)
class HearReferral:
    """A referral arrived."""

    case: UUID
    received: ReferralReceived

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearUpdate:
    """Whoever sent the referral said more."""

    case: UUID
    updated: ReferralUpdated

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearWorry:
    """Somebody flagged a worry about the case, here or in another service."""

    case: UUID
    signal: Signal

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class HearWithdrawal:
    """The referral was taken back by its sender or by her."""

    case: UUID
    reason: Code

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class MarkTextRead:
    """A named person has read the free words; `by` is "<role>/<id>"."""

    case: UUID
    by: Code

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class DecideCase:
    """A named person's decision; `decided_by` is "<role>/<id>", and `text_read` says that they read the free words."""

    case: UUID
    outcome: TriageOutcome
    reason: Code
    decided_by: Code
    offer: Code | None = None
    text_read: bool = False

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"


@dataclass(frozen=True, slots=True)
class RecordMeasure:
    """A questionnaire's answers, items or totals, as somebody entered them."""

    case: UUID
    measure: Measure
    stage: Stage
    by: Code

    @property
    def stream(self) -> str:
        """The case decides."""
        return f"case/{self.case}"

    @property
    def taken_on(self) -> date:
        """The day it was answered."""
        return self.measure.taken_on


@dataclass(frozen=True, slots=True)
class FlagWorry:
    """A worry found in an input; a record of its own, so that no fault in the rest can discard it (SAFETY S3)."""

    signal: Signal
    case: UUID | None
    about: About
    observed_at: datetime

    @property
    def stream(self) -> str:
        """The worry's own stream: one per signal, whatever else is true of the case."""
        return f"worry/{self.signal.signal_id}"


CaseInput: TypeAlias = (
    HearReferral | HearUpdate | HearWorry | HearWithdrawal | MarkTextRead | DecideCase | RecordMeasure
)
