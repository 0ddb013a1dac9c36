"""What a journey says as at a date: referred when, supported since when, which questionnaires."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.events.referral import ReferralMerged, ReferralReceived
from shared.events.support import AttendanceRecorded
from shared.events.triage import MeasureRecorded

Fact = Mapping[str, Any]
TotalsOf = Callable[[str, Mapping[int, int]], Mapping[str, int]]
"""Instrument and item scores to scale totals; empty where they give none."""


@dataclass(frozen=True, slots=True)
class AsAt:
    """Only what had happened by `happened_by`, and only what was recorded by `known_by`; days are local to `zone`."""

    happened_by: datetime
    known_by: datetime
    zone: str

    @property
    def day(self) -> date:
        """The local day things had to happen by."""
        return self.day_of(self.happened_by)

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def holds(self, fact: Fact) -> bool:
        """Whether the fact counts."""
        return bool(fact["occurred_at"] <= self.happened_by and fact["recorded_at"] <= self.known_by)


@dataclass(frozen=True, slots=True)
class Answers:
    """One questionnaire, answered on a day; scale name to total."""

    instrument: str
    stage: str
    taken_on: date
    recorded_at: datetime
    totals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """One case as at a date. `same_as` is the case it repeats or was merged into."""

    case: str
    provider: str
    site: str
    supported_on: date | None
    answers: tuple[Answers, ...]
    same_as: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person, whatever the number of her referrals; counted once (R103)."""

    sites: frozenset[str]
    supported_on: date | None
    answers: tuple[Answers, ...]

    @property
    def followed_up(self) -> bool:
        """Supported, and answered a follow-up questionnaire on or after the first session."""
        first = self.supported_on
        return first is not None and any(one.stage == "follow_up" and one.taken_on >= first for one in self.answers)


def read(journey: Mapping[str, Any], as_at: AsAt, *, totals_of: TotalsOf) -> Case | None:
    """The case as at a date, or None where no referral had been received by then."""
    facts = [fact for own in journey["facts"].values() for fact in own.values() if as_at.holds(fact)]
    received = min(_of(facts, ReferralReceived.wire), key=lambda fact: fact["occurred_at"], default=None)
    if received is None:
        return None
    attended = [as_at.day_of(one["occurred_at"]) for one in _of(facts, AttendanceRecorded.wire) if one["attended"]]
    merged = [str(fact["into"]) for fact in sorted(_of(facts, ReferralMerged.wire), key=lambda one: one["recorded_at"])]
    return Case(
        case=str(journey["case"]),
        provider=str(received["provider"]),
        site=str(received["site"]),
        supported_on=min(attended, default=None),
        answers=tuple(one for one in _answers(facts, totals_of) if one.taken_on <= as_at.day),
        same_as=merged[-1] if merged else received.get("repeat_of"),
    )


def _of(facts: Iterable[Fact], wire: str) -> Iterator[Fact]:
    return (fact for fact in facts if fact["what"] == wire)


def _answers(facts: Iterable[Fact], totals_of: TotalsOf) -> Iterator[Answers]:
    for fact in facts:
        if fact["what"] == MeasureRecorded.wire:
            yield _answer(fact, fact, fact["stage"], totals_of)
        elif fact["what"] == ReferralReceived.wire:
            yield from (_answer(measure, fact, "baseline", totals_of) for measure in fact.get("measures", ()))


def _answer(measure: Fact, fact: Fact, stage: str, totals_of: TotalsOf) -> Answers:
    # An erased person's questionnaire has lost its day; the year it came in stands for it.
    taken_on = date.fromisoformat(measure["taken_on"]) if "taken_on" in measure else fact["occurred_at"].date()
    items = {int(number): score for number, score in measure.get("items", {}).items()}
    totals = {**totals_of(measure["instrument"], items), **measure["totals"]}
    return Answers(measure["instrument"], stage, taken_on, fact["recorded_at"], totals)


def people(cases: Iterable[Case]) -> list[Person]:
    """The distinct people behind the cases: a repeat or merged case is the person of the case it names."""
    by_case = {case.case: case for case in cases}
    groups: dict[str, list[Case]] = {}
    for case in by_case.values():
        groups.setdefault(_root(case.case, by_case), []).append(case)
    return [_person(group) for group in groups.values()]


def _root(case: str, by_case: Mapping[str, Case]) -> str:
    """Where a chain of repeats ends; in a ring, its smallest case, so that every member names the same one."""
    path = [case]
    while (found := by_case.get(path[-1])) and found.same_as:
        if found.same_as in path:
            return min(path[path.index(found.same_as) :])
        path.append(found.same_as)
    return path[-1]


def _person(cases: list[Case]) -> Person:
    return Person(
        sites=frozenset(case.site for case in cases),
        supported_on=min((case.supported_on for case in cases if case.supported_on), default=None),
        answers=tuple(answer for case in cases for answer in case.answers),
    )
