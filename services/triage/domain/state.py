"""What triage remembers of a case: one class per status, holding only what a decision needs."""

from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias, assert_never

from shared.events.codes import Measure, Signal
from shared.events.event import Event
from shared.events.triage import (
    MeasureRecorded,
    ReferralHeard,
    TextRead,
    TriageCompleted,
    TriageRecommended,
    TriageWorryFlagged,
    UpdateHeard,
    WithdrawalHeard,
    WorryHeard,
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """The referral has not arrived; what came before it waits here."""

    worries: tuple[Signal, ...] = ()
    withdrawn: bool = False
    updates: tuple[UpdateHeard, ...] = ()


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
        case _:
            return _by_status(state, event)


def _by_status(state: Case, event: Event) -> Case:
    match state:
        case Unheard():
            return _unheard(state, event)
        case Awaiting():
            return _awaiting(state, event)
        case Decided():
            return _decided(state, event)
        case _ as missed:
            assert_never(missed)


def _unheard(state: Unheard, event: Event) -> Case:
    match event:
        case UpdateHeard():
            return replace(state, updates=(*state.updates, event))
        case ReferralHeard():
            first = Awaiting(event, state.worries, event.measures, state.withdrawn, event.text_unread)
            return reduce(_updated, state.updates, first)
        case _:
            raise NotOfThisStream(f"{type(event).__name__} on Unheard")


def _decided(state: Decided, event: Event) -> Case:
    match event:
        case MeasureRecorded():
            return state
        case UpdateHeard():
            return replace(state, text_unread=state.text_unread or event.text_unread)
        case TextRead():
            return replace(state, text_unread=False)
        case _:
            raise NotOfThisStream(f"{type(event).__name__} on Decided")


def _awaiting(state: Awaiting, event: Event) -> Case:
    match event:
        case UpdateHeard():
            return _updated(state, event)
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


def _updated(state: Awaiting, event: UpdateHeard) -> Awaiting:
    """What was said later adds and corrects; what it is silent about stays (SAFETY S1: it takes no worry away)."""
    heard = state.heard.model_copy(
        update={
            "baby": event.baby or state.heard.baby,
            "conditions": tuple(dict.fromkeys((*state.heard.conditions, *event.conditions))),
            "age_band": state.heard.age_band if event.age_band == "unknown" else event.age_band,
        }
    )
    fresh = tuple(measure for measure in event.measures if measure not in state.measures)
    text_unread = state.text_unread or event.text_unread
    return replace(state, heard=heard, measures=(*state.measures, *fresh), text_unread=text_unread)


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
