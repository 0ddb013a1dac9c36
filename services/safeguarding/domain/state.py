"""Where a concern stands: one class per status, holding only what a decision needs."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.events.codes import Level
from shared.events.event import Event
from shared.events.safeguarding import (
    AnswerExpected,
    LevelRaised,
    PageRequested,
    SafeguardingAcknowledged,
    SafeguardingClosed,
    SafeguardingRaised,
)


@dataclass(frozen=True, slots=True)
class NotRaised:
    """Nobody has raised this signal."""


@dataclass(frozen=True, slots=True)
class Listed:
    """On the lead's list, to be read before any match; no hour is set (level history)."""

    case: UUID | None
    level: Level


@dataclass(frozen=True, slots=True)
class Expected:
    """On the lead's list; it pages at `answer_by` if nobody has taken it (level today)."""

    case: UUID | None
    level: Level
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class Paged:
    """`rung` of the ladder was asked, and has until `answer_by`."""

    case: UUID | None
    level: Level
    rung: int
    answer_by: datetime
    taken_by: tuple[str, ...] = ()
    """Who took it before it was asked again: they may still open its card (SAFETY S21)."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person took it; silence past `next_at` pages again (SAFETY S22)."""

    case: UUID | None
    level: Level
    by_role: str
    next_step: str
    next_at: datetime
    taken_by: tuple[str, ...] = ()
    """Everybody who took it so far, as role and id."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Done, with a recorded action."""

    case: UUID | None
    level: Level


Raised = Listed | Expected | Paged | Acknowledged | Closed
Concern = NotRaised | Raised


def initial() -> Concern:
    """Where every concern starts."""
    return NotRaised()


def evolve(state: Concern, event: Event) -> Concern:
    """The state after `event`. Total: an event that changes nothing here leaves the state as it is."""
    if isinstance(event, SafeguardingRaised):
        return Listed(event.case, event.level)
    return state if isinstance(state, NotRaised) else _open_or_closed(state, event)


def _open_or_closed(state: Raised, event: Event) -> Concern:
    match event:
        case LevelRaised():
            return replace(state, level=event.level)
        case AnswerExpected():
            return Expected(state.case, state.level, event.answer_by)
        case PageRequested():
            return Paged(state.case, state.level, event.ladder_level, event.answer_by, _takers(state))
        case SafeguardingAcknowledged():
            takers = tuple(dict.fromkeys((*_takers(state), event.by_role)))
            return Acknowledged(state.case, state.level, event.by_role, event.next_step, event.next_at, takers)
        case SafeguardingClosed():
            return Closed(state.case, state.level)
        case _:
            return state


def _takers(state: Raised) -> tuple[str, ...]:
    return state.taken_by if isinstance(state, Paged | Acknowledged) else ()


def due(state: Concern) -> datetime | None:
    """When the concern must be looked at again; None where nobody waits for an answer."""
    match state:
        case Expected() | Paged():
            return state.answer_by
        case Acknowledged():
            return state.next_at
        case NotRaised() | Listed() | Closed():
            return None
