"""Nothing is on Kafka but what the allow-list names, and nothing on it can hold a sentence or a telephone number."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field as PydanticField
from pydantic import ValidationError

from shared.events.catalogue import CATALOGUE
from shared.events.codes import Count, Value
from shared.events.event import ENVELOPE_FIELDS, Event
from shared.events.fields import FIELDS
from shared.events.schemas import Schema, schema_of
from tests.events.samples import SAMPLES

MAY_HOLD = {
    "id": {"uuid"},
    "code": {"code", "closed list", "boolean", "integer", "uuid"},
    "band": {"closed list", "integer"},
    "score": {"integer"},
    "date": {"date", "date-time"},
    "count": {"integer"},
    "group": {"object"},
}


def fields_of(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every field with its schema, at any depth; keys of mappings are not fields."""
    yield from schema.get("properties", {}).items()
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for part in [*inner, schema["items"]] if schema.get("type") == "array" else inner:
        yield from fields_of(part)


def shapes_of(schema: Schema) -> set[str]:
    """What a field's values can be; "open" stands for anything that could carry words or long numbers."""
    if "anyOf" in schema:
        return set().union(*map(shapes_of, schema["anyOf"]))
    if schema.get("type") == "array":
        return shapes_of(schema["items"])
    if schema.get("type") == "object":
        return _shapes_of_object(schema)
    if schema.get("type") == "integer":
        return {"integer" if "maximum" in schema else "open"}
    return {_shape_of_text(schema)}


def _shapes_of_object(schema: Schema) -> set[str]:
    if schema.get("additionalProperties") is not False:
        return {"open"}
    keys = schema.get("patternProperties", {})
    return set().union(*map(shapes_of, keys.values())) if keys else {"object"}


def _shape_of_text(schema: Schema) -> str:
    if schema.get("type") in ("null", "boolean"):
        return "boolean" if schema["type"] == "boolean" else "null"
    if "enum" in schema or "const" in schema:
        return "closed list"
    return "code" if "pattern" in schema else str(schema.get("format", "open"))


ALL_FIELDS = {(wire, name): field for wire, event in CATALOGUE.items() for name, field in fields_of(schema_of(event))}


def test_every_field_on_kafka_is_on_the_list_and_nothing_else_is():
    assert {name for _, name in ALL_FIELDS} | ENVELOPE_FIELDS == FIELDS.keys()


@pytest.mark.parametrize(("wire", "name"), ALL_FIELDS)
def test_a_field_holds_what_the_list_says_and_never_free_text(wire, name):
    shapes = shapes_of(ALL_FIELDS[wire, name]) - {"null"}
    assert shapes <= MAY_HOLD[FIELDS[name].kind], f"{wire} {name} may hold {shapes}"


@pytest.mark.parametrize("reason", ["she told me", "jane@example.org", "Ünwell", "", "a" * 81, "line\n"])
def test_words_cannot_stand_where_a_code_belongs(reason):
    completed = CATALOGUE["triage.completed.v1"]
    with pytest.raises(ValidationError):
        completed.model_validate({**SAMPLES["triage.completed.v1"].event.model_dump(), "reason": reason})


def test_a_telephone_number_does_not_fit_a_count():
    class Planted(Event):
        wire = "support.planted.v1"
        minutes: Count

    with pytest.raises(ValidationError):
        Planted.model_validate({"occurred_at": "2026-11-24T15:00:00Z", "minutes": 7700900123})


class Inner(Value):
    """A nested part with a field that is not on the list."""

    nickname: str = ""


class Leaky(Event):
    """A planted event that says too much."""

    wire = "support.leaky.v1"
    inners: tuple[Inner, ...] = ()
    phone: int = 0
    counts: dict[str, Count] = {}
    notes: dict[str, Any] = PydanticField(default={})


def test_a_planted_leak_is_seen():
    found = dict(fields_of(schema_of(Leaky)))
    assert found.keys() - FIELDS.keys() == {"inners", "nickname", "phone", "notes", "counts"}
    assert [shapes_of(found[name]) for name in ("nickname", "phone", "notes", "counts")] == [{"open"}] * 4


def test_every_field_has_a_reason():
    assert all(len(field.why) > 5 for field in FIELDS.values())
