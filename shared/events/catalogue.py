"""Every event type there is, by wire name, and how stored data becomes an event again."""

from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared.events import outcomes, referral, safeguarding, support, triage
from shared.events.event import Event
from shared.events.fields import FIELDS
from shared.events.upcasters import UPCASTERS, Upcasters, newest, upcast
from shared.events.worry import WorryFlagged

SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")
SIGNALS_TOPIC = "safeguarding.signals"
_INDEXES = range(100)


class UnknownType(Exception):
    """No event of this wire type, or of this major version, is in the catalogue."""


class Unreadable(Exception):
    """A known type whose data does not fit; the message names fields and faults, never values."""


def _of(module: ModuleType) -> dict[str, type[Event]]:
    found = (value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Event))
    return {event.wire: event for event in found if "wire" in vars(event)}


Catalogue = Mapping[str, type[Event]]

CATALOGUE: Catalogue = {
    wire: event for module in (referral, triage, support, safeguarding, outcomes) for wire, event in _of(module).items()
}
URGENT = frozenset(wire for wire, event in CATALOGUE.items() if issubclass(event, WorryFlagged))


TOPICS = frozenset((*(f"{service}.events" for service in SERVICES), SIGNALS_TOPIC))


def topics_of(wire: str) -> tuple[str, ...]:
    """The topics an event of this wire type is relayed to."""
    own = f"{wire.split('.', 1)[0]}.events"
    return (own, SIGNALS_TOPIC) if wire in URGENT else (own,)


def known(wire: str, *, upcasters: Upcasters = UPCASTERS, catalogue: Catalogue = CATALOGUE) -> type[Event]:
    """The event that `wire`, or the newest version it is lifted to, stands for; raises `UnknownType`."""
    event = catalogue.get(newest(wire, upcasters))
    if event is None:
        raise UnknownType(wire)
    return event


def decode(
    wire: str,
    data: Mapping[str, Any],
    *,
    case: UUID | None,
    occurred_at: datetime,
    upcasters: Upcasters = UPCASTERS,
    catalogue: Catalogue = CATALOGUE,
) -> Event:
    """Rebuild an event from its wire type and data, lifting old versions to the newest.

    Raises `UnknownType` for a type outside the catalogue, `Unreadable` for data that does not fit.
    """
    event = known(wire, upcasters=upcasters, catalogue=catalogue)
    try:
        lifted = upcast(wire, dict(data), upcasters)[1] if wire in upcasters else data
        return event.model_validate({**lifted, "case": case, "occurred_at": occurred_at})
    except ValidationError as invalid:
        faults = ", ".join(f"{_place(e['loc'])}: {e['type']}" for e in invalid.errors(include_input=False))
        raise Unreadable(f"{wire}: {faults}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise Unreadable(f"{wire}: an older version's data could not be lifted") from None


def _place(loc: tuple[int | str, ...]) -> str:
    # A mapping's key is part of the place, and a stranger chose it: only indexes and our own names are repeated.
    return ".".join(str(part) if part in FIELDS or part in _INDEXES else "*" for part in loc)
