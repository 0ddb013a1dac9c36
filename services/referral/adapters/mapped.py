"""What every way in turns a request into: the question for the rules, and what only the vault may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.referral.domain.commands import ReceiveReferral
from services.referral.domain.policy import nhs_number_checks
from shared.instruments.model import Instrument
from shared.programmes.load import ProgrammeData


@dataclass(frozen=True, slots=True)
class Mapped:
    """A referral ready to be sealed and submitted; `identity` and `index` hold what identifies her."""

    command: ReceiveReferral
    site: str
    identity: dict[str, Any]
    index: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """One message: which case it makes, whose it is, and what tells it from other messages of the same sender."""

    case: UUID
    organisation: str
    message: str
    day: date
    data: ProgrammeData
    instruments: Mapping[str, Instrument]


def digits_of(number: str | None) -> str | None:
    """An NHS number without the spaces and dashes people write it with."""
    return number.translate(str.maketrans("", "", " -\u00a0\t")) if number else None


def without_empty(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what was not said."""
    return {name: value for name, value in record.items() if value not in (None, "", [], {})}


def searchable(identity: dict[str, Any]) -> dict[str, str]:
    """What she may be found by. A number that does not check is never one of them: it links nobody (SAFETY S17)."""
    found = {name: identity[name] for name in ("phone", "postcode") if identity.get(name)}
    number = identity.get("nhs_number")
    if number and nhs_number_checks(number):
        found["nhs_number"] = number
    if identity.get("birth_date") and identity.get("family"):
        found["birth_date"], found["family"] = identity["birth_date"], identity["family"]
    return found
