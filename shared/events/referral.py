"""What the referral service says: who was referred (by id), consent, and identity decisions."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.events.codes import AgeBand, Baby, Code, Count, Measure, Route, Signal, Source
from shared.events.erasure import DataErased, ErasureWithheld
from shared.events.event import Event
from shared.events.worry import WorryFlagged

Standing = Literal["offered", "declined", "waiting", "supported", "ended"]
"""How far others took a case: triage says the first two, support the rest."""


class ReferralReceived(Event):
    """A referral was accepted for reading; the case id is the referral id."""

    wire: ClassVar[str] = "referral.received.v1"

    programme: Code | None = None
    source: Source
    route: Route
    baby: Baby | None = None
    conditions: tuple[Code, ...] = ()
    measures: tuple[Measure, ...] = ()
    preferences: tuple[Code, ...] = ()
    signals: tuple[Signal, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False
    repeat_of: UUID | None = None
    sent_by: Code | None = None
    heard_from: Code | None = None


class ReferralUpdated(Event):
    """Its sender said more about a referral: all codes of the newest message, which add and correct."""

    wire: ClassVar[str] = "referral.updated.v1"

    baby: Baby | None = None
    conditions: tuple[Code, ...] = ()
    measures: tuple[Measure, ...] = ()
    age_band: AgeBand = "unknown"
    text_unread: bool = False


class ReferralWithdrawn(Event):
    """The referral was taken back by its sender or by her."""

    wire: ClassVar[str] = "referral.withdrawn.v1"

    reason: Code


class ConsentChanged(Event):
    """One scope of her consent was given, refused, or withdrawn."""

    wire: ClassVar[str] = "referral.consent_changed.v1"

    scope: Code
    given: Literal["yes", "no", "not_asked"]
    how: Code | None = None
    text_version: Code | None = None
    by: Code | None = None


class ReferralMerged(Event):
    """A person decided that this referral and another are about the same woman."""

    wire: ClassVar[str] = "referral.merged.v1"

    into: UUID


class ErasureRequested(Event):
    """She asked for her data to be erased."""

    wire: ClassVar[str] = "referral.erasure_requested.v1"


class PersonErased(Event):
    """Every service has answered the erasure request."""

    wire: ClassVar[str] = "referral.person_erased.v1"


class ReferralWorryFlagged(WorryFlagged):
    """A worry found in what a referrer sent."""

    wire: ClassVar[str] = "referral.worry_flagged.v1"


class ReferralRefused(Event):
    """A referral could not be taken; kept so that the same request is answered the same way. No personal data."""

    wire: ClassVar[str] = "referral.refused.v1"

    status: Count
    code: Code
    organisation: Code | None = None


class MessageKept(Event):
    """A sender's message that asks for nothing and belongs to no open referral waits for a reader (SAFETY S13)."""

    wire: ClassVar[str] = "referral.message_kept.v1"

    organisation: Code | None = None


class MessageRead(Event):
    """A named person read a message that was kept."""

    wire: ClassVar[str] = "referral.message_read.v1"

    by: Code


class ReferralUnreadable(Event):
    """A signed-in sender's referral could not be read at all; somebody rings them (SAFETY S27)."""

    wire: ClassVar[str] = "referral.unreadable.v1"

    status: Count
    code: Code
    organisation: Code | None = None


class StandingHeard(Event):
    """Another service moved the case on; kept whatever the order it was heard in."""

    wire: ClassVar[str] = "referral.standing_heard.v1"

    status: Standing


class ReferralDataErased(DataErased):
    """The referral service's vault no longer holds her."""

    wire: ClassVar[str] = "referral.data_erased.v1"


class ReferralErasureWithheld(ErasureWithheld):
    """The referral service keeps her record for a named reason."""

    wire: ClassVar[str] = "referral.erasure_withheld.v1"
