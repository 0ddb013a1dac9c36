"""Whether a programme is for her on a given day: stage of pregnancy or age of the child, computed, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.events.codes import Baby
from shared.programmes.model import Eligibility, Programme

Answer = Literal["yes", "no", "unclear"]
StageKind = Literal["pregnant", "child", "unknown"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a family stands on a day: days to the due date (negative once past), or the child's age in whole months."""

    kind: StageKind
    days_to_due: int | None = None
    age_months: int | None = None


@dataclass(frozen=True, slots=True)
class Eligible:
    """The answer with its reason codes; "unclear" means that a person asks, never that anyone is declined."""

    answer: Answer
    reasons: tuple[str, ...]


def stage_on(baby: Baby | None, day: date) -> Stage:
    """The stage on `day`; a due date that has passed stays a pregnancy until a person records a birth (SAFETY S7)."""
    if baby is None:
        return Stage("unknown")
    if baby.kind == "due":
        return Stage("pregnant", days_to_due=(baby.on - day).days)
    return Stage("child", age_months=age_in_months(baby.on, day)) if baby.on <= day else Stage("unknown")


def age_in_months(born: date, day: date) -> int:
    """Whole months of age; a child born on a day the month lacks completes it on the first of the next month."""
    months = (day.year - born.year) * 12 + day.month - born.month
    return months if _reached(born, months) <= day else months - 1


def _reached(born: date, months: int) -> date:
    year, month = divmod(born.year * 12 + born.month - 1 + months, 12)
    try:
        return date(year, month + 1, born.day)
    except ValueError:
        return date(year, month + 2, 1)  # never past December, which has every day


def assess(programme: Programme, *, baby: Baby | None, conditions: Sequence[str] = (), day: date) -> Eligible:
    """Whether `programme` is for her on `day`, with reasons; states of loss make it unclear, never "no" (SAFETY S7)."""
    paused = tuple(code for code in conditions if code in programme.conditions.pause_rules)
    if paused:
        return Eligible("unclear", paused)
    answer = _by_stage(programme.eligibility, baby, day)
    if answer.answer == "no":
        return answer
    needed = programme.eligibility.needs_any_of
    if needed and not set(needed) & set(conditions):
        return Eligible("unclear", (*answer.reasons, "needs_not_stated"))
    return answer


def _by_stage(rule: Eligibility, baby: Baby | None, day: date) -> Eligible:
    stage = stage_on(baby, day)
    if stage.days_to_due is not None:
        return _pregnant(rule, stage.days_to_due)
    if stage.age_months is not None:
        return _child(rule, stage.age_months)
    return Eligible("unclear", ("birth_date_in_future" if baby else "stage_missing",))


def _pregnant(rule: Eligibility, days_to_due: int) -> Eligible:
    if days_to_due < -rule.days_after_due_date:
        return Eligible("unclear", ("due_date_passed",))
    if days_to_due > rule.days_before_due_date:
        return Eligible("unclear", ("due_date_implausible",))
    return Eligible("yes", ("pregnant",)) if rule.pregnant else Eligible("no", ("pregnancy_not_covered",))


def _child(rule: Eligibility, age_months: int) -> Eligible:
    if age_months < rule.child_under_months:
        return Eligible("yes", ("child_young_enough",))
    return Eligible("no", ("child_too_old",))
