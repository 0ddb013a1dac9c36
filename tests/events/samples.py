"""One plausible event of every type, made from its annotations, so that a new type needs no sample of its own."""

import types
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel

from shared.events.catalogue import CATALOGUE
from shared.events.event import ENVELOPE_FIELDS, Event
from shared.events.ids import BESIDE, event_id
from shared.events.recorded import Recorded
from shared.events.worry import WorryFlagged

NOW = datetime(2026, 11, 24, 15, 0, 0, 123000, tzinfo=UTC)
DAY = date(2026, 11, 24)
CODES = {
    "programme": "parents-in-mind",
    "conditions": "anxiety",
    "preferences": "one_to_one",
    "code": "836881000000105",
    "instrument": "HADS",
    "version": "1",
    "totals": "anxiety",
    "offer": "one-to-one",
    "rule_version": "parents-in-mind/2026-11-1",
    "decided_by": "local_project_manager/lpm-1",
    "by": "local_project_manager/lpm-1",
    "role": "safeguarding_lead",
    "by_role": "safeguarding_lead",
    "next_step": "ring_her",
    "channel": "email",
    "signposts": "samaritans",
    "scope": "matching",
    "gates": "training",
}


def sample(event: type[Event]) -> Event:
    """An event of this type with every field filled."""
    fields = {name: _value(name, field.rebuild_annotation()) for name, field in event.model_fields.items()}
    return event.model_validate({**fields, "case": _uuid("case"), "occurred_at": NOW})


def recorded(event: Event) -> Recorded:
    """The event as the third of its stream."""
    service, _, _ = event.wire.split(".")
    kind = "concern" if service == "safeguarding" else "case"
    stream = f"{kind}/{_uuid('case')}"
    return Recorded(
        event=event,
        event_id=event_id(0, service, stream, 3),
        service=service,
        stream=stream,
        version=3,
        recorded_at=NOW.replace(second=1),
        provider="nct",
        site="halton",
        cause=_uuid("cause"),
        epoch=0,
        commit=f"{stream}/0000000002",
        correlation=_uuid("correlation"),
        claims=("key/demo/refer/0123456789",) if not isinstance(event, WorryFlagged) else (),
    )


def _uuid(name: str) -> UUID:
    return uuid5(BESIDE, f"example/{name}")


def _value(name: str, annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _value(name, arguments[0])
    if origin in (Union, types.UnionType):
        return _value(name, next(one for one in arguments if one is not type(None)))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return (_value(name, arguments[0]),)
    if origin is dict:
        return {_value(name, arguments[0]): _value(name, arguments[1])}
    return _plain(name, annotation)


def _plain(name: str, annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return {key: _value(key, field.rebuild_annotation()) for key, field in fields if key not in ENVELOPE_FIELDS}
    plain: dict[Any, Any] = {UUID: _uuid(name), AwareDatetime: NOW, date: DAY, bool: True, int: 3, str: "example"}
    return CODES.get(name, "example") if annotation is str else plain[annotation]


SAMPLES: dict[str, Recorded] = {wire: recorded(sample(event)) for wire, event in sorted(CATALOGUE.items())}
