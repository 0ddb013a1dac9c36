"""How data written under an old version of an event is lifted to the newest, before anything validates it."""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

Upcasters = Mapping[str, tuple[str, Upcaster]]

UPCASTERS: Upcasters = {}
"""Old wire type to (next wire type, function on plain dicts); empty until a type gets its second version."""


def newest(wire: str, upcasters: Upcasters = UPCASTERS) -> str:
    """The wire type at the end of the chain that starts at `wire`; `wire` itself where there is none."""
    while wire in upcasters:
        wire = upcasters[wire][0]
    return wire


def upcast(wire: str, data: dict[str, Any], upcasters: Upcasters = UPCASTERS) -> tuple[str, dict[str, Any]]:
    """Follow the chain from `wire` to the newest version; returns that type and the lifted data."""
    while wire in upcasters:
        wire, lift = upcasters[wire]
        data = lift(data)
    return wire, data
