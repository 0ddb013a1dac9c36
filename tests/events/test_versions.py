"""Old events stay readable for ever: goldens, schemas that only grow, and upcasters from one version to the next."""

import copy
import json
from importlib.resources import files
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator

from shared.events.catalogue import CATALOGUE, UnknownType, Unreadable, decode
from shared.events.cloudevents import from_record, to_headers, to_value
from shared.events.event import Event
from shared.events.schemas import schema_of
from shared.events.upcasters import UPCASTERS, Upcasters, newest
from tests.events.compatibility import breaking
from tests.events.rewrite_snapshots import refusals
from tests.events.samples import NOW, SAMPLES

EXAMPLES = files("shared.events") / "examples"
SCHEMAS = files("shared.events") / "schemas"
REWRITE = "run python -m tests.events.rewrite_snapshots"


def stored(folder: Any) -> dict[str, Any]:
    """The committed JSON files of a folder, by wire type."""
    return {path.name.removesuffix(".json"): json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


GOLDENS, SNAPSHOTS = stored(EXAMPLES), stored(SCHEMAS)


def test_every_type_has_a_golden_example_and_a_schema():
    assert CATALOGUE.keys() <= GOLDENS.keys(), REWRITE
    assert CATALOGUE.keys() == SNAPSHOTS.keys(), REWRITE


@pytest.mark.parametrize("wire", GOLDENS)
def test_a_golden_example_is_read_and_written_back_with_nothing_lost(wire):
    golden = GOLDENS[wire]
    headers = [(name, text.encode()) for name, text in golden["headers"].items()]
    recorded = from_record(golden["key"].encode(), json.dumps(golden["data"]).encode(), headers)
    again = {name: text.decode() for name, text in to_headers(recorded)}
    if wire in CATALOGUE:  # an older version is read as the newest
        assert again == golden["headers"]
        assert golden["data"].items() <= json.loads(to_value(recorded)).items()
    assert from_record(None, to_value(recorded), to_headers(recorded)) == recorded


@pytest.mark.parametrize("wire", sorted(CATALOGUE))
def test_the_committed_schema_is_what_is_written(wire):
    now = schema_of(CATALOGUE[wire])
    broken = list(breaking(SNAPSHOTS[wire], now))
    assert not broken, f"{wire} needs a new version and an upcaster: {broken}"
    assert SNAPSHOTS[wire] == now, REWRITE


@pytest.mark.parametrize("wire", sorted(CATALOGUE))
def test_what_is_written_fits_the_schema_and_a_field_more_or_less_does_not(wire):
    schema = schema_of(CATALOGUE[wire])
    Draft202012Validator.check_schema(schema)
    check, data = Draft202012Validator(schema), SAMPLES[wire].event.data()
    assert check.is_valid(data)
    assert not check.is_valid({**data, "nickname": "x"})
    assert not any(check.is_valid({key: part for key, part in data.items() if key != left_out}) for left_out in data)


PLANTED: dict[str, Any] = {
    "a field removed": lambda p: p.pop("reason"),
    "a field without default added": lambda p: p.update(extra={"type": "boolean"}),
    "a type changed": lambda p: p["reason"].update(type="integer"),
    "a pattern changed": lambda p: p["reason"].update(pattern="^x$"),
    "a code taken from a closed list": lambda p: p["outcome"]["enum"].pop(),
    "a code added to a closed list": lambda p: p["outcome"]["enum"].append("more"),
    "null no longer allowed": lambda p: p["offer"]["anyOf"].pop(),
    "a part of an alternative changed": lambda p: p["offer"]["anyOf"][0].update(pattern="^x$"),
    "a default changed": lambda p: p["offer"].update(default="x"),
    "a default removed": lambda p: p["offer"].pop("default"),
    "the items of a list changed": lambda p: p["signposts"]["items"].update(pattern="^x$"),
}


@pytest.mark.parametrize("change", PLANTED)
def test_a_planted_breaking_change_is_caught(change):
    before = schema_of(CATALOGUE["triage.completed.v1"])
    after = copy.deepcopy(before)
    PLANTED[change](after["properties"])
    assert list(breaking(before, after))


def test_a_nested_breaking_change_is_caught_at_its_place():
    before = schema_of(CATALOGUE["referral.received.v1"])
    after = copy.deepcopy(before)
    del after["properties"]["measures"]["items"]["properties"]["taken_on"]
    assert list(breaking(before, after)) == ["data.measures.items.taken_on: removed"]


def test_a_field_with_a_default_and_other_words_may_join_a_version():
    before = schema_of(CATALOGUE["triage.completed.v1"])
    after = copy.deepcopy(before)
    after["properties"]["extra"] = {"type": "boolean", "default": False}
    after["description"] = "Said better."
    assert list(breaking(before, after)) == []


def test_rewriting_is_refused_for_a_breaking_change_and_for_a_type_that_is_gone():
    assert refusals(SNAPSHOTS) == []
    before = copy.deepcopy(SNAPSHOTS)
    before["triage.completed.v1"]["properties"]["dropped"] = {"type": "boolean"}
    before["triage.forgotten.v1"] = {}
    assert refusals(before) == [
        "triage.forgotten.v1: an event type may not disappear",
        "triage.completed.v1: data.dropped: removed",
    ]


class MovedV3(Event):
    """A planted event in its third version."""

    wire: ClassVar[str] = "support.moved.v3"
    minutes: int
    where: str


CHAIN: Upcasters = {
    "support.moved.v1": ("support.moved.v2", lambda data: {"minutes": data["hours"] * 60}),
    "support.moved.v2": ("support.moved.v3", lambda data: {**data, "where": "unknown"}),
}
PLANTED_CATALOGUE = {"support.moved.v3": MovedV3}


def moved(wire: str, data: dict[str, Any]) -> Event:
    """Decode one of the planted versions."""
    return decode(wire, data, case=None, occurred_at=NOW, upcasters=CHAIN, catalogue=PLANTED_CATALOGUE)


def test_an_old_version_is_lifted_step_by_step_to_the_newest():
    newest = MovedV3(occurred_at=NOW, minutes=120, where="unknown")
    assert moved("support.moved.v1", {"hours": 2}) == newest
    assert moved("support.moved.v2", {"minutes": 120}) == newest
    assert moved("support.moved.v3", {"minutes": 120, "where": "unknown"}) == newest


def test_lifting_leaves_the_stored_data_alone():
    stored_data = {"hours": 2}
    moved("support.moved.v1", stored_data)
    assert stored_data == {"hours": 2}


@pytest.mark.parametrize("data", [{}, {"hours": "two"}, {"hours": None}, {"hours": {}}])
def test_an_old_version_whose_data_cannot_be_lifted_is_unreadable(data):
    with pytest.raises(Unreadable):
        moved("support.moved.v1", data)


def test_a_version_after_the_newest_is_unknown():
    with pytest.raises(UnknownType):
        moved("support.moved.v4", {})


def test_every_chain_ends_in_the_catalogue_and_keeps_its_first_example():
    assert {newest(wire) for wire in UPCASTERS} <= CATALOGUE.keys()
    assert UPCASTERS.keys() <= GOLDENS.keys()
    assert newest("support.moved.v1", CHAIN) == "support.moved.v3"
