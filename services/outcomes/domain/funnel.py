"""Referred, supported, followed up: distinct people, each stage with its n of m (R103, R104)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.outcomes.domain.numbers import percent
from services.outcomes.domain.reading import Person


@dataclass(frozen=True, slots=True)
class Stage:
    """`n` of `of` people reached the stage; `of` is the stage before, so every percentage shows its own base."""

    name: str
    n: int
    of: int | None
    percent: int | None


def funnel(everyone: Sequence[Person], *, site: str | None = None) -> list[Stage]:
    """The three stages for one site, or for all."""
    own = [person for person in everyone if site is None or site in person.sites]
    supported = [person for person in own if person.supported_on]
    followed_up = [person for person in supported if person.followed_up]
    return [
        Stage("referred", len(own), None, None),
        Stage("supported", len(supported), len(own), percent(len(supported), len(own))),
        Stage("followed_up", len(followed_up), len(supported), percent(len(followed_up), len(supported))),
    ]


def sites_of(everyone: Sequence[Person]) -> list[str]:
    """Every site that anybody was referred to, in order of name."""
    return sorted({site for person in everyone for site in person.sites})
