"""Small rules of intake, each with its source: worries and their ids, age bands, which baby counts, NHS numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.referral.domain.commands import Worry
from shared.events.codes import AgeBand, Baby
from shared.events.ids import signal_id_from_message
from shared.programmes import risk
from shared.programmes.model import RiskLevels

AGE_BANDS: tuple[tuple[int, AgeBand], ...] = (
    (25, "25_and_over"),
    (18, "18_to_24"),
    (16, "16_to_17"),
    (13, "13_to_15"),
    (0, "under_13"),
)
"""From this age in whole years on. Source: SAFETY S8 (13, 16, 18); 25 as outcomes reports it."""
OLDEST = 120
"""An age above this is a mistake in writing, and then nothing is known."""
NHS_WEIGHTS = range(10, 1, -1)
"""Source: NHS Data Model and Dictionary, NHS number, modulus 11."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything in an input that may be a worry; `message` tells repeats of one message from another message."""

    organisation: str
    message: str
    flags: Sequence[str] = ()
    conditions: Sequence[str] = ()
    measures: Sequence[risk.Answered] = ()
    age_band: AgeBand = "unknown"


def worries_in(table: RiskLevels, found: Findings) -> tuple[Worry, ...]:
    """Each worry once, most urgent first, with an id that the same message always gives it (SAFETY S6).

    A flag's status plays no part: only a safeguarding lead lowers a level (SAFETY S5), and she is shown the status.
    """
    signals = risk.signals_in(
        table, flags=found.flags, conditions=found.conditions, measures=found.measures, age_band=found.age_band
    )
    return tuple(
        Worry(
            signal_id=signal_id_from_message(found.organisation, found.message, code),
            code=code,
            level=level,
            about=risk.about_of(table, code),
        )
        for code, level in signals
    )


def safe_to_contact(table: RiskLevels, *, said: str, flags: Iterable[str]) -> str:
    """ "yes", "no" or "not_asked"; a flag of abuse at home makes it "no", whatever was said (SAFETY S9)."""
    return "no" if risk.forbids_contact(table, flags) else said


def age_band_on(day: date, birth_date: date | None) -> AgeBand:
    """Her age band on `day`; "unknown" without a birth date or with one that cannot be hers."""
    if birth_date is None or birth_date > day:
        return "unknown"
    years = day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
    if years > OLDEST:
        return "unknown"
    return next(band for start, band in AGE_BANDS if years >= start)


def baby_of(*, due: date | None, born: Sequence[date], day: date) -> Baby | None:
    """Which baby a referral is about: one on its way, else the youngest child; due never implies born (SAFETY S7)."""
    youngest = max(born, default=None)
    if due is not None and (youngest is None or due > day):
        return Baby(kind="due", on=due)
    return Baby(kind="born", on=youngest) if youngest else None


def nhs_number_checks(number: str) -> bool:
    """Whether ten digits carry a right check digit; repeated digits pass the sum and are nobody's number."""
    if len(number) != 10 or not number.isascii() or not number.isdigit() or _all_the_same(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, NHS_WEIGHTS, strict=False))
    return (11 - total % 11) % 11 == int(number[-1])


def _all_the_same(digits: str) -> bool:
    return all(left == right for left, right in pairwise(digits))


def refused_worry(worries: Sequence[Worry]) -> Worry | None:
    """The one worry that stands for a refused message: its most urgent (SAFETY S27)."""
    return worries[0] if worries else None
