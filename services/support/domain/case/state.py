"""What support remembers of a case: one class per status, over what may come before, during and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.events.event import Event
from shared.events.support import (
    AttendanceRecorded,
    CaseOpened,
    MatchEnded,
    MatchingConsentHeard,
    MatchMade,
    MatchRefused,
    PlaceHeard,
    SessionLogged,
    SupportEnded,
    SupportWithdrawalHeard,
    SupportWorryFlagged,
    TextReadHeard,
    TextUnreadHeard,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What counts in every status: places kept for her, sessions on record, and what was heard about her referral.

    `volunteers`: who was ever matched with her, and so may still hand in a session that happened then (SAFETY S3).
    """

    places: Mapping[UUID, datetime] = field(default_factory=dict)
    sessions: Mapping[UUID, str] = field(default_factory=dict)
    volunteers: frozenset[UUID] = frozenset()
    withdrawn: bool = False
    text_read: bool = False
    more_text: bool = False
    refuses_match: bool = False


@dataclass(frozen=True, slots=True)
class Unopened:
    """No person has accepted her for peer support yet; what comes early waits here."""

    known: Known = Known()


@dataclass(frozen=True, slots=True)
class Open:
    """Accepted, without a volunteer."""

    known: Known
    opened: CaseOpened

    @property
    def text_unread(self) -> bool:
        """Whether free words came with her referral, or later, that nobody has read (SAFETY S4)."""
        return (self.opened.text_unread or self.known.more_text) and not self.known.text_read


@dataclass(frozen=True, slots=True)
class Matched:
    """Matched with a volunteer."""

    known: Known
    opened: CaseOpened
    volunteer: UUID


@dataclass(frozen=True, slots=True)
class Ended:
    """Support ended."""

    known: Known


Case: TypeAlias = Unopened | Open | Matched | Ended


@dataclass(frozen=True, slots=True)
class Unflagged:
    """No worry under this signal yet."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """The worry is on record."""


Worry: TypeAlias = Unflagged | Flagged


class NotOfThisStream(TypeError):
    """An event that no decision of this stream makes; folding it would hide a fault."""


def evolve(state: Case, event: Event) -> Case:
    """The case after `event`."""
    match event:
        case CaseOpened() if isinstance(state, Unopened):
            return Open(state.known, event)
        case MatchMade(volunteer=volunteer) if isinstance(state, Open):
            known = _without(state.known, volunteer)
            known = replace(known, volunteers=known.volunteers | {volunteer})
            return Matched(known, state.opened, volunteer)
        case MatchEnded() if isinstance(state, Matched):
            return Open(state.known, state.opened)
        case SupportEnded() if isinstance(state, Open):
            return Ended(state.known)
        case _:
            return replace(state, known=_known_after(state.known, event))


def _known_after(known: Known, event: Event) -> Known:
    match event:
        case PlaceHeard(volunteer=volunteer, until=until):
            return replace(known, places={**known.places, volunteer: until})
        case MatchRefused(volunteer=volunteer):
            return _without(known, volunteer)
        case SessionLogged(session=session, outcome=outcome):
            return replace(known, sessions={**known.sessions, session: outcome})
        case AttendanceRecorded():
            return known
        case _:
            return _heard_after(known, event)


def _heard_after(known: Known, event: Event) -> Known:
    match event:
        case SupportWithdrawalHeard():
            return replace(known, withdrawn=True)
        case TextReadHeard():
            return replace(known, text_read=True)
        case MatchingConsentHeard(given=given):
            return replace(known, refuses_match=given == "no")
        case TextUnreadHeard():
            return replace(known, text_read=False, more_text=True)
        case _:
            raise NotOfThisStream(type(event).__name__)


def _without(known: Known, volunteer: UUID) -> Known:
    return replace(known, places={kept: until for kept, until in known.places.items() if kept != volunteer})


def evolve_worry(state: Worry, event: Event) -> Worry:
    """The worry's own stream after `event`."""
    if isinstance(event, SupportWorryFlagged):
        return Flagged()
    raise NotOfThisStream(f"{type(event).__name__} on {type(state).__name__}")
