"""What triage says: what it recommends, and what a named person decided."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.events.codes import AgeBand, Baby, Code, ItemNumber, Level, Measure, OfferAdvice, Score, Signal, Stage
from shared.events.erasure import DataErased, ErasureWithheld
from shared.events.event import Event
from shared.events.worry import WorryFlagged

Urgency = Literal["now", "today", "review", "routine"]
TriageOutcome = Literal["accepted", "joint_plan", "project_manager_only", "declined", "withdrawn"]


class ReferralHeard(Event):
    """Triage took in the facts of a referral that its rules need."""

    wire: ClassVar[str] = "triage.referral_heard.v1"

    programme: Code | None = None
    baby: Baby | None = None
    conditions: tuple[Code, ...] = ()
    measures: tuple[Measure, ...] = ()
    preferences: tuple[Code, ...] = ()
    signals: tuple[Signal, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False


class UpdateHeard(Event):
    """Triage took in what a referral's sender said later; `text_unread`: words came that nobody read yet."""

    wire: ClassVar[str] = "triage.update_heard.v1"

    baby: Baby | None = None
    conditions: tuple[Code, ...] = ()
    measures: tuple[Measure, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False


class WorryHeard(Event):
    """A worry about this case reached triage; it can only raise the urgency (SAFETY S1)."""

    wire: ClassVar[str] = "triage.worry_heard.v1"

    signal_id: UUID
    code: Code
    level: Level


class WithdrawalHeard(Event):
    """The referral was taken back; a person confirms it, no rule closes the case (SAFETY S2)."""

    wire: ClassVar[str] = "triage.withdrawal_heard.v1"

    reason: Code


class TextRead(Event):
    """A named person read the free words that came with the referral (SAFETY S4)."""

    wire: ClassVar[str] = "triage.text_read.v1"

    by: Code


class TriageRecommended(Event):
    """What the rules advise a person to decide, with every reason and the rules' version (SAFETY S2)."""

    wire: ClassVar[str] = "triage.recommended.v1"

    urgency: Urgency
    offers: tuple[OfferAdvice, ...] = ()
    missing: tuple[Code, ...] = ()
    needs_person: tuple[Code, ...] = ()
    rule_version: Code


class TriageCompleted(Event):
    """A named person decided; the machine never does. Nobody is matched while `text_unread` (SAFETY S4)."""

    wire: ClassVar[str] = "triage.completed.v1"

    outcome: TriageOutcome
    offer: Code | None = None
    reason: Code
    decided_by: Code
    rule_version: Code
    signposts: tuple[Code, ...] = ()
    text_unread: bool = False


class MeasureRecorded(Event):
    """A questionnaire was scored; every measure of mothers and volunteers passes here."""

    wire: ClassVar[str] = "triage.measure_recorded.v1"

    instrument: Code
    version: Code
    items: dict[ItemNumber, Score] = {}
    totals: dict[Code, Score] = {}
    stage: Stage
    taken_on: date
    by: Code


class TriageWorryFlagged(WorryFlagged):
    """A worry found while a case was read or measured."""

    wire: ClassVar[str] = "triage.worry_flagged.v1"


class TriageDataErased(DataErased):
    """Triage no longer holds anything of hers."""

    wire: ClassVar[str] = "triage.data_erased.v1"


class TriageErasureWithheld(ErasureWithheld):
    """Triage keeps her record for a named reason."""

    wire: ClassVar[str] = "triage.erasure_withheld.v1"
