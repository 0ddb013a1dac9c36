"""Hypothesis strategies for whole events, drawn from the annotations that the wire is written by."""

import types
from datetime import UTC, date
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from shared.events.catalogue import CATALOGUE
from shared.events.event import Event
from shared.events.recorded import Recorded
from tests.events.samples import SAMPLES

CODE = st.from_regex(r"\A[A-Za-z0-9_.:/-]{1,80}\Z")
MOMENT = st.datetimes(timezones=st.just(UTC))
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    UUID: st.uuids(),
    AwareDatetime: MOMENT,
    date: st.dates(),
    bool: st.booleans(),
    int: st.integers(1, 99),
    str: CODE,
    type(None): st.none(),
}


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*map(_values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=3)
    return _model(annotation) if annotation not in _PLAIN else _PLAIN[annotation]


def _model(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    fields = {name: _values(field.rebuild_annotation()) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


def _recorded(event: Event, changes: dict[str, Any]) -> Recorded:
    example = SAMPLES[event.wire]
    stream = f"{example.stream.split('/', 1)[0]}/{changes['id']}"
    return Recorded(
        event=event,
        event_id=changes["event_id"],
        service=example.service,
        stream=stream,
        version=changes["version"],
        recorded_at=changes["recorded_at"].replace(microsecond=0),
        provider=changes["provider"],
        site=changes["site"],
        cause=changes["cause"],
        epoch=changes["epoch"],
        commit=f"{stream}/{changes['version']:010d}",
        correlation=changes["correlation"],
        claims=tuple(changes["claims"]),
    )


_STANDING = st.fixed_dictionaries(
    {
        "id": st.uuids() | CODE,
        "event_id": st.uuids(),
        "version": st.integers(1, 9_999_999_999),
        "recorded_at": MOMENT,
        "provider": CODE,
        "site": CODE,
        "cause": st.uuids(),
        "epoch": st.integers(0, 10**18 - 1),
        "correlation": st.none() | st.uuids(),
        "claims": st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=3),
    }
)

EVENTS: st.SearchStrategy[Event] = st.sampled_from(sorted(CATALOGUE)).flatmap(lambda wire: _model(CATALOGUE[wire]))
RECORDED: st.SearchStrategy[Recorded] = st.builds(_recorded, EVENTS, _STANDING)
