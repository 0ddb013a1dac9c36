"""What triage remembers of a case: one class per status, holding only what a decision needs."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from shared.events.codes import Measure, Signal
from shared.events.event import Event
from shared.events.triage import (
    MeasureRecorded,
    ReferralHeard,
    TextRead,
    TriageCompleted,
    TriageRecommended,
    TriageWorryFlagged,
    WithdrawalHeard,
    WorryHeard,
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """The referral has not arrived; what came before it waits here."""

    worries: tuple[Signal, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Heard, and waiting for a named person's decision."""

    heard: ReferralHeard
    worries: tuple[Signal, ...] = ()
    measures: tuple[Measure, ...] = ()
    withdrawn: bool = False
    text_unread: bool = False
    advice: TriageRecommended | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A named person decided."""

    outcome: str
    worries: tuple[Signal, ...] = ()
    withdrawn: bool = False
    text_unread: bool = False


Case: TypeAlias = Unheard | Awaiting | Decided


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
        case WorryHeard():
            signal = Signal(signal_id=event.signal_id, code=event.code, level=event.level)
            return replace(state, worries=(*state.worries, signal))
        case WithdrawalHeard():
            return replace(state, withdrawn=True)
        case MeasureRecorded() if isinstance(state, Decided):
            return state
        case TextRead() if isinstance(state, Decided):
            return replace(state, text_unread=False)
        case ReferralHeard() if isinstance(state, Unheard):
            return Awaiting(event, state.worries, event.measures, state.withdrawn, event.text_unread)
    if isinstance(state, Awaiting):
        return _awaiting(state, event)
    raise NotOfThisStream(f"{type(event).__name__} on {type(state).__name__}")


def _awaiting(state: Awaiting, event: Event) -> Case:
    match event:
        case TriageRecommended():
            return replace(state, advice=event)
        case TextRead():
            return replace(state, text_unread=False)
        case MeasureRecorded():
            return replace(state, measures=(*state.measures, _measure_of(event)))
        case TriageCompleted():
            return Decided(event.outcome, state.worries, state.withdrawn, event.text_unread)
        case _:
            raise NotOfThisStream(f"{type(event).__name__} on Awaiting")


def _measure_of(event: MeasureRecorded) -> Measure:
    return Measure(
        instrument=event.instrument,
        version=event.version,
        items=event.items,
        totals=event.totals,
        taken_on=event.taken_on,
    )


def evolve_worry(state: Worry, event: Event) -> Worry:
    """The worry's own stream after `event`."""
    if isinstance(event, TriageWorryFlagged):
        return Flagged()
    raise NotOfThisStream(f"{type(event).__name__} on {type(state).__name__}")
