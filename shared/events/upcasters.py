"""How data written under an old version of an event is lifted to the newest, before anything validates it."""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[str, tuple[str, Upcaster]] = {}
"""Old wire type to (next wire type, function on plain dicts); empty until a type gets its second version."""


def upcast(wire: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Follow the chain from `wire` to the newest version; returns that type and the lifted data."""
    while wire in UPCASTERS:
        wire, lift = UPCASTERS[wire]
        data = lift(data)
    return wire, data
