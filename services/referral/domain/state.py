"""What intake remembers of a case, of a refused message and of a refused request: only what a decision needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.referral.domain.standing import NOTHING_HEARD, Heard, Status, status_of
from shared.events.codes import Baby
from shared.events.event import Event
from shared.events.referral import (
    ConsentChanged,
    ReferralReceived,
    ReferralRefused,
    ReferralUnreadable,
    ReferralUpdated,
    ReferralWithdrawn,
    ReferralWorryFlagged,
    StandingHeard,
)

CANCELLED = "cancelled_by_sender"
"""The reason on record where a message of its sender took a referral back."""


@dataclass(frozen=True, slots=True)
class Referral:
    """What stays the same from the first commit on."""

    case: UUID
    programme: str | None
    source: str
    route: str
    received_at: datetime
    text_unread: bool
    worries: frozenset[str]
    sent_by: str | None = None
    baby: Baby | None = None
    heard: Heard = NOTHING_HEARD
    withdrawn: bool = False
    cancelled: bool = False
    consents: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Her last word on each scope she was asked about: yes, no, or not asked after all (SAFETY S16)."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No referral yet; others may have spoken of it already."""

    heard: Heard = NOTHING_HEARD


@dataclass(frozen=True, slots=True)
class Received:
    """Taken in; a person will decide."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Offered:
    """A person decided that something fits her."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Waiting:
    """Support took the case over and looks for a place."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Supported:
    """Matched with a volunteer."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class Closed:
    """Declined, withdrawn, or ended."""

    referral: Referral


Case: TypeAlias = Unknown | Received | Offered | Waiting | Supported | Closed
Known: TypeAlias = Received | Offered | Waiting | Supported | Closed


CLASSES: dict[Status, type[Known]] = {
    "received": Received,
    "offered": Offered,
    "waiting": Waiting,
    "supported": Supported,
    "closed": Closed,
}


def initial() -> Case:
    """A case nobody has spoken of."""
    return Unknown()


def evolve(state: Case, event: Event) -> Case:
    """The case after `event`."""
    match event:
        case ReferralReceived():
            return _placed(_first(state, event))
        case StandingHeard() if isinstance(state, Unknown):
            return Unknown(state.heard.and_also(event.status))
        case _ if isinstance(state, Unknown):
            return state
        case _:
            return _placed(_after(state.referral, event))


def _after(referral: Referral, event: Event) -> Referral:
    match event:
        case ReferralWorryFlagged():
            return replace(referral, worries=referral.worries | {event.code})
        case ReferralUpdated():
            text_unread = referral.text_unread or event.text_unread
            return replace(referral, baby=event.baby or referral.baby, text_unread=text_unread)
        case ReferralWithdrawn():
            return replace(referral, withdrawn=True, cancelled=referral.cancelled or event.reason == CANCELLED)
        case StandingHeard():
            return replace(referral, heard=referral.heard.and_also(event.status))
        case ConsentChanged():
            return replace(referral, consents={**referral.consents, event.scope: event.given})
        case _:
            return referral  # merging and erasure change no status


def _first(state: Case, event: ReferralReceived) -> Referral:
    assert event.case is not None
    return Referral(
        case=event.case,
        programme=event.programme,
        source=event.source,
        route=event.route,
        received_at=event.occurred_at,
        text_unread=event.text_unread,
        worries=frozenset(),
        sent_by=event.sent_by,
        baby=event.baby,
        heard=state.heard if isinstance(state, Unknown) else state.referral.heard,
    )


def _placed(referral: Referral) -> Known:
    """The status that follows from everything heard."""
    return CLASSES[status_of(referral.heard, withdrawn=referral.withdrawn)](referral)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A message or request that was not refused before."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was refused, and how, so that it can be refused the same way again."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A refused message somebody was told about, with the worries already raised for it."""

    worries: frozenset[UUID]


Request: TypeAlias = Fresh | Refused
Refusal: TypeAlias = Fresh | Kept


def evolve_request(state: Request, event: Event) -> Request:
    """A refused request stays refused as it was the first time."""
    return Refused(event.status, event.code) if isinstance(event, ReferralRefused) else state


def evolve_refusal(state: Refusal, event: Event) -> Refusal:
    """Remember each worry that was raised, and that somebody was told."""
    raised = state.worries if isinstance(state, Kept) else frozenset[UUID]()
    match event:
        case ReferralWorryFlagged():
            return Kept(raised | {event.signal_id})
        case ReferralUnreadable() | ReferralRefused():
            return Kept(raised)
        case _:
            return state
