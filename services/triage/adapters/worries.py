"""Finds the worries in a questionnaire that was handed in, however broken the rest of it is (SAFETY S3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.events.codes import Signal
from shared.events.ids import signal_id_from_message
from shared.programmes.model import RiskLevels
from shared.programmes.risk import alerts_in


@dataclass(frozen=True, slots=True)
class Form:
    """As much of a questionnaire as an alert needs."""

    instrument: str
    items: Mapping[int, int]


def worries_in(body: bytes, risk: RiskLevels, *, client: str, message: str) -> list[Signal]:
    """A signal for each alert item above 0; the same message gives the same signals. Never raises."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return []
    form = _form(sent)
    found = alerts_in(risk, form) if form else []
    return [
        Signal(signal_id=signal_id_from_message(client, message, code), code=code, level=level) for code, level in found
    ]


def _form(sent: Any) -> Form | None:
    if not isinstance(sent, dict) or not isinstance(sent.get("instrument"), str):
        return None
    items = sent.get("items")
    pairs = items.items() if isinstance(items, dict) else ()
    readable = {_number(name): _number(score) for name, score in pairs}
    return Form(sent["instrument"], {n: score for n, score in readable.items() if n is not None and score is not None})


def _number(value: Any) -> int | None:
    try:
        return int(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None
