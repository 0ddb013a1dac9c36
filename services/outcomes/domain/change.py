"""The paired change of one scale: the same people before and after, never called an effect (R110 to R113, S31)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from services.outcomes.domain.numbers import percent
from services.outcomes.domain.reading import Answers, Person

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """What a scale's pairs say without any distribution: exact means, spread of the differences, who moved where."""

    n: int
    before: Fraction
    after: Fraction
    difference: Fraction
    sd: float
    lower: int
    equal: int
    higher: int

    def share(self, count: int) -> int | None:
        """Whole per cent of the pairs."""
        return percent(count, self.n)


def pairs(people: Sequence[Person], *, instrument: str, scale: str, site: str | None = None) -> list[Pair]:
    """(before, after) totals of everyone who has both, for one site or all."""
    found = (_pair(person, instrument, scale) for person in people if site is None or site in person.sites)
    return [pair for pair in found if pair]


def _pair(person: Person, instrument: str, scale: str) -> Pair | None:
    first = person.supported_on
    if first is None:
        return None
    mine = [one for one in person.answers if _same(one.instrument, instrument) and scale in one.totals]
    before = _latest([one for one in mine if one.stage == "baseline" and one.taken_on <= first])
    after = _latest([one for one in mine if one.stage == "follow_up" and one.taken_on >= first])
    return (before.totals[scale], after.totals[scale]) if before and after else None


def _latest(answers: Sequence[Answers]) -> Answers | None:
    """The last by day, then by when it was recorded; ties are told apart by their scores, so order cannot matter."""
    return max(answers, key=lambda one: (one.taken_on, one.recorded_at, sorted(one.totals.items())), default=None)


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def change(found: Sequence[Pair], *, fewest: int) -> Change | None:
    """The change over the pairs; None below `fewest` of them, where a mean would speak about single people."""
    n = len(found)
    if n < max(fewest, 2):
        return None
    differences = [after - before for before, after in found]
    mean = Fraction(sum(differences), n)
    squares = sum((difference - mean) ** 2 for difference in differences)
    return Change(
        n=n,
        before=Fraction(sum(before for before, _ in found), n),
        after=Fraction(sum(after for _, after in found), n),
        difference=mean,
        sd=sqrt(squares / (n - 1)),
        lower=sum(difference < 0 for difference in differences),
        equal=sum(difference == 0 for difference in differences),
        higher=sum(difference > 0 for difference in differences),
    )
