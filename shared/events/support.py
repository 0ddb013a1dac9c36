"""What support says: volunteers, places, matches, sessions and endings."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.events.codes import Channel, Code, Count
from shared.events.erasure import DataErased, ErasureWithheld
from shared.events.event import Event
from shared.events.moment import Moment
from shared.events.worry import WorryFlagged


class VolunteerChanged(Event):
    """A volunteer's standing changed: `gates` names each readiness gate that is met."""

    wire: ClassVar[str] = "support.volunteer_changed.v1"

    status: Literal["ready", "paused", "suspended", "left"]
    gates: tuple[Code, ...] = ()
    cap: Count = 0
    can_give: tuple[Code, ...] = ()


class CapacityChanged(Event):
    """How many places an offer has free at a site."""

    wire: ClassVar[str] = "support.capacity_changed.v1"

    offer: Code
    free: Count
    expected_on: date | None = None


class CaseOpened(Event):
    """Support took over a case that a person accepted for peer support."""

    wire: ClassVar[str] = "support.case_opened.v1"

    offer: Code | None = None
    joint_plan: bool = False
    text_unread: bool = False


class SupportWithdrawalHeard(Event):
    """The referral was taken back: matching stops at once, ending the support stays a person's act (SAFETY S15)."""

    wire: ClassVar[str] = "support.withdrawal_heard.v1"

    reason: Code


class MatchingConsentHeard(Event):
    """Her word on being introduced to a volunteer; "no" holds new matches at once (SAFETY S15)."""

    wire: ClassVar[str] = "support.matching_consent_heard.v1"

    given: Literal["yes", "no", "not_asked"]


class TextReadHeard(Event):
    """A person read the referral's free words, so that a match is no longer held back by them (SAFETY S4)."""

    wire: ClassVar[str] = "support.text_read_heard.v1"


class TextUnreadHeard(Event):
    """More words came from whoever referred her, and nobody has read them: matches are held back again (SAFETY S4)."""

    wire: ClassVar[str] = "support.text_unread_heard.v1"


class PlaceHeld(Event):
    """A volunteer's place is kept for a case until `until`; without a match it falls free by itself."""

    wire: ClassVar[str] = "support.place_held.v1"

    volunteer: UUID
    until: Moment


class PlaceHeard(Event):
    """The case knows that a volunteer's place is kept for it."""

    wire: ClassVar[str] = "support.place_heard.v1"

    volunteer: UUID
    until: Moment


class PlaceLapsed(Event):
    """A held place may no longer be matched unless it already was; the case's stream settles which."""

    wire: ClassVar[str] = "support.place_lapsed.v1"

    volunteer: UUID
    reason: Code


class PlaceTaken(Event):
    """The held place is used by a match."""

    wire: ClassVar[str] = "support.place_taken.v1"

    volunteer: UUID


class PlaceReleased(Event):
    """A held or used place is free again."""

    wire: ClassVar[str] = "support.place_released.v1"

    volunteer: UUID
    reason: Code


class MatchMade(Event):
    """A mother and a volunteer are matched."""

    wire: ClassVar[str] = "support.match_made.v1"

    volunteer: UUID
    offer: Code


class MatchRefused(Event):
    """A held place did not become a match; the reason is a code, and refusing needs none from her."""

    wire: ClassVar[str] = "support.match_refused.v1"

    volunteer: UUID
    reason: Code


class MatchEnded(Event):
    """A match is over; support of the case may go on."""

    wire: ClassVar[str] = "support.match_ended.v1"

    volunteer: UUID
    reason: Code


class SessionLogged(Event):
    """A session took place or was missed; entered as it happened, even when late."""

    wire: ClassVar[str] = "support.session_logged.v1"

    session: UUID
    offer: Code
    channel: Channel
    minutes: Count
    by: tuple[UUID, ...]
    outcome: Literal["took_place", "missed", "cancelled", "to_be_corrected"]
    reasons: tuple[Code, ...] = ()


class AttendanceRecorded(Event):
    """Whether the case's person came to a session."""

    wire: ClassVar[str] = "support.attendance_recorded.v1"

    session: UUID
    attended: bool
    reason: Code | None = None


class SupportEnded(Event):
    """Support of the case ended, with or without a review."""

    wire: ClassVar[str] = "support.support_ended.v1"

    reason: Code
    review: bool = False
    by: Code | None = None


class PhoneForgotten(Event):
    """A remembered phone opens nothing any more: it was lost, or its owner wanted it so. Its worries still count."""

    wire: ClassVar[str] = "support.phone_forgotten.v1"

    device: UUID
    by: Code


class SupportWorryFlagged(WorryFlagged):
    """A worry a supporter raised, in a session or outside one."""

    wire: ClassVar[str] = "support.worry_flagged.v1"

    device: UUID | None = None


class SupportDataErased(DataErased):
    """Support no longer holds anything of hers."""

    wire: ClassVar[str] = "support.data_erased.v1"


class SupportErasureWithheld(ErasureWithheld):
    """Support keeps her record for a named reason."""

    wire: ClassVar[str] = "support.erasure_withheld.v1"
