"""Made-up people: NHS numbers of the 999 test range, Ofcom's drama telephone numbers, pseudo-postcodes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

GIVEN = (
    "Amara", "Beth", "Carys", "Dina", "Esme", "Farah", "Grace", "Hana", "Iona", "Jaya", "Kezia", "Leila", "Mabli",
    "Nadia", "Orla", "Priya", "Rosa", "Safia", "Tilda", "Uma", "Vera", "Wanda", "Yusra", "Zofia",
)  # fmt: skip
FAMILY = (
    "Ashdown-Test", "Birchwood-Test", "Cloverley-Test", "Dunmere-Test", "Elmhurst-Test", "Fernside-Test",
    "Greenlaw-Test", "Hollowell-Test", "Ivybridge-Test", "Juniper-Test", "Kestrel-Test", "Larkfield-Test",
)  # fmt: skip
DRAMA_MOBILES = 1000
"""Ofcom keeps 07700 900000 to 900999 free for drama."""
PSEUDO_POSTCODES = ("ZZ99 3VZ", "ZZ99 3CZ", "ZZ99 3WZ", "ZZ99 4QZ")
NHS_WEIGHTS = range(10, 1, -1)


@dataclass(frozen=True)
class Person:
    """One made-up woman, as a referrer would know her."""

    given: str
    family: str
    birth_date: date
    nhs_number: str
    phone: str
    postcode: str

    def words(self) -> tuple[str, ...]:
        """Everything that must never show outside a vault."""
        return (self.family, self.nhs_number, self.phone, self.phone.replace(" ", ""), self.postcode)


def synthetic_nhs_number(serial: int) -> str:
    """The valid number of the 999 test range at or after `serial` (modulus 11; a check digit of 10 is skipped)."""
    while True:
        nine = f"999{serial % 1_000_000:06d}"
        check = 11 - sum(int(digit) * weight for digit, weight in zip(nine, NHS_WEIGHTS, strict=True)) % 11
        if check != 10:
            return nine + str(check % 11)
        serial += 1


def people(seed: int) -> Iterator[Person]:
    """An endless, repeatable stream of made-up women aged 18 to 43."""
    chance = random.Random(seed)
    serial = chance.randrange(500_000)
    while True:
        serial += chance.randrange(2, 40)
        yield Person(
            given=chance.choice(GIVEN),
            family=chance.choice(FAMILY),
            birth_date=date(2008, 1, 1) - timedelta(days=chance.randrange(25 * 365)),
            nhs_number=synthetic_nhs_number(serial),
            phone=f"07700 900{chance.randrange(DRAMA_MOBILES):03d}",
            postcode=chance.choice(PSEUDO_POSTCODES),
        )
