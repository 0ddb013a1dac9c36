"""Reads what the worry button sent, in whatever state: the worry first, its faults afterwards (SAFETY S3, S19)."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, get_args
from uuid import UUID

import orjson

from services.safeguarding.domain.commands import RaiseConcern
from shared.events.codes import About
from shared.events.ids import concern_id, signal_id_from_message, uuid_in
from shared.programmes.model import Danger, RiskLevels
from shared.programmes.risk import level_of_danger

FIELDS = frozenset({"signal_id", "case", "in_danger", "about"})
ABOUT: frozenset[str] = frozenset(get_args(About))
DANGER: frozenset[str] = frozenset(get_args(Danger))


@dataclass(slots=True)
class Worry:
    """The worry as far as it could be read; `faults` are (field, reason) and repeat nothing that was sent."""

    signal_id: UUID
    case: UUID | None = None
    in_danger: Danger = "not_sure"
    about: About = "unknown"
    words: str | None = None
    faults: list[tuple[str, str]] = field(default_factory=list)
    readable: bool = True

    def raising(self, risk: RiskLevels, *, now: datetime, device: UUID | None = None) -> RaiseConcern:
        """The input that raises it, with the level the risk table gives its answer."""
        return RaiseConcern(
            concern=concern_id(self.signal_id),
            signal_id=self.signal_id,
            case=self.case,
            level=level_of_danger(risk, self.in_danger),
            about=self.about,
            code=f"in_danger/{self.in_danger}",
            observed_at=now,
            device=device,
        )


def read_worry(body: bytes, key: str | None) -> Worry:
    """The worry in `body`. Total: whatever is missing or wrong counts as "not sure", so that it pages.

    Without a usable signal id the idempotency key, or else the body itself, names the worry: sent again it is the same.
    """
    named = signal_id_from_message("worry-button", key or sha256(body).hexdigest(), "no-signal-id")
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Worry(named, faults=[("body", "is not JSON")], readable=False)
    if not isinstance(sent, dict):
        return Worry(named, faults=[("body", "is not a JSON object")], readable=False)
    worry = Worry(uuid_in(sent.get("signal_id")) or named)
    if worry.signal_id == named:
        worry.faults.append(("signal_id", "is missing or not a UUID"))
    worry.faults += [(_shown(name), "is not a field of a worry") for name in sent if name not in FIELDS]
    _read_case(worry, sent)
    _read_danger(worry, sent)
    _read_about(worry, sent)
    return worry


def _read_case(worry: Worry, sent: dict[str, Any]) -> None:
    worry.case = uuid_in(sent.get("case"))
    if sent.get("case") is not None and worry.case is None:
        worry.faults.append(("case", "is not a UUID"))


def _read_danger(worry: Worry, sent: dict[str, Any]) -> None:
    match sent.get("in_danger"):
        case "yes" | "no" | "not_sure" as answer:
            worry.in_danger = answer
        case _:
            worry.faults.append(("in_danger", "is none of yes, no, not_sure"))


def _read_about(worry: Worry, sent: dict[str, Any]) -> None:
    match sent.get("about"):
        case "adult" | "unborn" | "child" | "other_child" | "other_adult" | "supporter" | "unknown" as about:
            worry.about = about
        case str() as words if words.strip():
            worry.words = words
        case None | str():
            worry.faults.append(("about", "is missing"))
        case _:
            worry.faults.append(("about", "is not text"))


def _shown(name: str) -> str:
    # A field's name is repeated so that the sender can mend it, unless it looks like anything but a name.
    return name if name.replace("_", "").isalpha() and name.isascii() and len(name) <= 40 else "*"
