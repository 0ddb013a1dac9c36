"""What a volunteer's stream remembers: her standing and every place that is kept, in question or used."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.events.event import Event
from shared.events.support import PlaceHeld, PlaceLapsed, PlaceReleased, PlaceTaken, VolunteerChanged


@dataclass(frozen=True, slots=True)
class Place:
    """A place that counts against the cap; `until` is when a kept place lapses, None once settled or asked about."""

    case: UUID
    until: datetime | None
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Nobody of this id."""


@dataclass(frozen=True, slots=True)
class Ready:
    """May take people up to her cap."""

    changed: VolunteerChanged
    places: Mapping[UUID, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Away:
    """Paused, suspended or left: the people she has are kept in view, nobody new is held."""

    changed: VolunteerChanged
    places: Mapping[UUID, Place] = field(default_factory=dict)


Volunteer: TypeAlias = Unregistered | Ready | Away


class NotOfThisStream(TypeError):
    """An event that no decision of this stream makes; folding it would hide a fault."""


def evolve(state: Volunteer, event: Event) -> Volunteer:
    """The volunteer after `event`."""
    if isinstance(event, VolunteerChanged):
        places = {} if isinstance(state, Unregistered) else state.places
        return Ready(event, places) if event.status == "ready" else Away(event, places)
    if isinstance(state, Unregistered) or event.case is None:
        raise NotOfThisStream(f"{type(event).__name__} on {type(state).__name__}")
    return replace(state, places=_places_after(state.places, event, event.case))


def _places_after(places: Mapping[UUID, Place], event: Event, case: UUID) -> Mapping[UUID, Place]:
    match event:
        case PlaceHeld(until=until):
            return {**places, case: Place(case, until)}
        case PlaceLapsed():
            return {**places, case: Place(case, None)}
        case PlaceTaken():
            return {**places, case: Place(case, None, taken=True)}
        case PlaceReleased():
            return {kept: place for kept, place in places.items() if kept != case}
        case _:
            raise NotOfThisStream(type(event).__name__)


def due(state: Volunteer) -> datetime | None:
    """When the first kept place lapses."""
    if isinstance(state, Unregistered):
        return None
    return min((place.until for place in state.places.values() if place.until is not None), default=None)
