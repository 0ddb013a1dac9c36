"""The contact card: whom to ring and what to know before it, read from whatever its sender has; and numbers that
stand in for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from services.safeguarding.domain.policy import Data
from shared.events.codes import Code

LONGEST_TEXT = 200
MOST_LINES = 6
Safe = Literal["yes", "no", "not_asked"]


class Number(Data):
    """Somebody who can be rung."""

    name: str
    number: str


class Fetching(Data):
    """How often referral is asked for a card that is missing; seconds."""

    timeout: Annotated[float, Field(gt=0)]
    first_retry: Annotated[float, Field(gt=0)]
    longest_retry: Annotated[float, Field(gt=0)]
    at_once: Annotated[int, Field(ge=1, le=200)]

    def retry_after(self, attempts: int) -> float:
        """Seconds to wait after `attempts` tries: doubled each time, never more than the longest."""
        return float(min(self.longest_retry, self.first_retry * 2 ** min(max(attempts - 1, 0), 20)))


class CardRules(Data):
    """The whole of rules/card.yaml. `agreed: false` is shown as "default, not agreed"."""

    version: Code
    source: str
    owner: str
    agreed: bool
    open_minutes: Annotated[int, Field(ge=1, le=240)]
    look_again_seconds: Annotated[int, Field(ge=1, le=60)]
    fetching: Fetching
    words: Mapping[Code, str]
    safe_to_contact: Mapping[Safe, str]
    sites: Mapping[Code, tuple[Number, ...]]
    referrers: Mapping[Code, tuple[Number, ...]]

    @property
    def standing(self) -> str:
        """What is printed beside the version."""
        return self.version if self.agreed else f"{self.version} (default, not agreed)"

    def numbers(self, site: str, organisation: str | None) -> tuple[Number, ...]:
        """Who can be rung about a case without its card: its site's, and whoever referred it where that is known."""
        return (*self.sites.get(site, ()), *self.referrers.get(organisation or "", ()))


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of her; what nobody sent is empty. `safe`: whether her number is safe, as she or a flag said."""

    name: str = ""
    phone: str = ""
    safe: Safe = "not_asked"
    birth_date: date | None = None
    due: date | None = None
    born: date | None = None
    address: tuple[str, ...] = ()
    language: str = ""
    gp: str = ""
    health_visitor: str = ""
    volunteer_number: str = ""
    venue: str = ""
    referrers: tuple[Number, ...] = ()


def rules_from(text: str) -> CardRules:
    """The rules in a YAML text. Raises `ValueError` naming the place that does not fit."""
    return CardRules.model_validate(yaml.safe_load(text))


def card_from(record: Mapping[str, Any]) -> Card:
    """The card in what referral sent. Total: what cannot be read is left out, a number that was not asked about is
    not safe."""
    baby = record.get("baby")
    dates = baby if isinstance(baby, Mapping) else {}
    safe = record.get("safe_to_contact")
    return Card(
        name=" ".join(filter(None, (_text(record.get("given")), _text(record.get("family"))))),
        phone=_text(record.get("phone")),
        safe="yes" if safe == "yes" else "no" if safe == "no" else "not_asked",
        birth_date=_date(record.get("birth_date")),
        due=_date(dates.get("due")),
        born=_date(dates.get("born")),
        address=(*_texts(record.get("address")), *filter(None, [_text(record.get("postcode"))])),
        language=", ".join(_texts(record.get("language"))),
        gp=_text(record.get("gp")),
        health_visitor=_text(record.get("health_visitor")),
        volunteer_number=_text(record.get("volunteer_number")),
        venue=_text(record.get("venue")),
        referrers=tuple(_numbers(record.get("referrer"))),
    )


def dialled(number: str) -> str:
    """A number as a telephone takes it; empty where nothing of it can be dialled."""
    kept = "".join(one for one in number if one.isdecimal() and one.isascii())
    return f"+{kept}" if kept and number.strip().startswith("+") else kept


def _text(value: Any) -> str:
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(text for one in found[:MOST_LINES] if (text := _text(one)))


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _numbers(value: Any) -> list[Number]:
    found = value if isinstance(value, list) else []
    read = [(_text(one.get("name")), _text(one.get("phone"))) for one in found if isinstance(one, Mapping)]
    return [Number(name=name, number=phone) for name, phone in read[:MOST_LINES] if phone]
