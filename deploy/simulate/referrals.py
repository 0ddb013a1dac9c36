"""What a referrer sends about a made-up woman, as plain JSON: 260 referrals for three sites, shaped after the pilot."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any, Literal

from deploy.simulate.people import Person, people
from deploy.simulate.scores import ANXIETY, DEPRESSION, FOLLOWED_UP, paired_totals

REFERRED, SUPPORTED = 260, 182
"""Source: Parents in Mind pilot summary (260 referred, 182 supported, 103 followed up)."""
SITES = ("coventry-warwickshire", "halton", "newham")
SOURCES = ("health_visitor", "midwife", "perinatal_team", "talking_therapies", "gp", "self")
CONDITIONS = ("anxiety", "low_mood", "depression", "panic", "low_confidence", "bonding")
CHILD_AT_RISK = "836881000000105"


@dataclass(frozen=True)
class Planned:
    """One referral of the simulation and what is to become of it."""

    person: Person
    site: str
    route: Literal["json", "bars"]
    source: str
    baby: dict[str, str]
    conditions: list[str]
    baseline: dict[str, int]
    follow_up: dict[str, int] | None
    supported: bool
    flags: list[str] = field(default_factory=list)

    def body(self, today: date) -> dict[str, Any]:
        """The body of `POST /api/referrals`."""
        measures = [{"instrument": "HADS", "version": "1", "totals": self.baseline, "taken_on": today.isoformat()}]
        return {
            "programme": "parents-in-mind",
            "site": self.site,
            "source": self.source,
            "person": {
                "given": self.person.given,
                "family": self.person.family,
                "birth_date": self.person.birth_date.isoformat(),
                "nhs_number": self.person.nhs_number,
                "phone": self.person.phone,
                "postcode": self.person.postcode,
                "safe_to_contact": "yes",
            },
            "baby": self.baby,
            "conditions": self.conditions,
            "measures": measures,
            "flags": self.flags,
        }


def plan(seed: int, today: date) -> Iterator[Planned]:
    """The pilot's 260 referrals: 182 are supported, 103 of those followed up, and the last carries a risk code."""
    chance = random.Random(seed)
    pairs = list(zip(paired_totals(ANXIETY, 6, seed), paired_totals(DEPRESSION, 5, seed + 1), strict=True))
    for number, person in enumerate(islice(people(seed), REFERRED)):
        followed, at_risk = number < FOLLOWED_UP, number == REFERRED - 1
        (anxiety, later_anxiety), (depression, later_depression) = pairs[number % FOLLOWED_UP]
        yield Planned(
            person=person,
            site=SITES[0 if at_risk else number % len(SITES)],
            route="bars" if number % 4 == 0 else "json",
            source=chance.choice(SOURCES),
            baby=_baby(chance, today),
            conditions=chance.sample(CONDITIONS, 2),
            baseline={"anxiety": anxiety, "depression": depression},
            follow_up={"anxiety": later_anxiety, "depression": later_depression} if followed else None,
            supported=number < SUPPORTED,
            flags=[CHILD_AT_RISK] if at_risk else [],
        )


def _baby(chance: random.Random, today: date) -> dict[str, str]:
    if chance.random() < 0.4:
        return {"due": (today + timedelta(days=chance.randrange(10, 200))).isoformat()}
    return {"born": (today - timedelta(days=chance.randrange(10, 600))).isoformat()}
