"""The generated documents are current, hold together, and describe what really travels."""

import re
from typing import Any

import pytest
import yaml
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import ValidationError

from shared.events.asyncapi import document, render
from shared.events.catalogue import CATALOGUE, SIGNALS_TOPIC, URGENT
from shared.events.cloudevents import to_headers
from shared.events.event_map import event_map
from tests.events.rewrite_snapshots import ASYNCAPI, EVENT_MAP, TOPICS
from tests.events.samples import SAMPLES

TEXT = TOPICS.read_text("utf-8")
DOCUMENT = document(TEXT)


def test_the_committed_documents_are_current():
    assert ASYNCAPI.read_text("utf-8") == render(DOCUMENT), "run python -m tests.events.rewrite_snapshots"
    assert EVENT_MAP.read_text("utf-8") == event_map(TEXT), "run python -m tests.events.rewrite_snapshots"


def test_the_text_says_the_same_as_the_document():
    assert yaml.safe_load(render(DOCUMENT)) == DOCUMENT


def references(node: Any) -> list[str]:
    """Every $ref of the document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for part in node.values() for found in references(part)]
    return [found for part in node for found in references(part)] if isinstance(node, list) else []


def test_every_reference_leads_somewhere():
    found = references(DOCUMENT)
    assert found
    for reference in found:
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_another_implementation_reads_it_as_asyncapi_3():
    read = ApplicationSchema.model_validate(DOCUMENT)
    assert read.components is not None
    assert len(read.components.messages or {}) == len(CATALOGUE)
    with pytest.raises(ValidationError):
        ApplicationSchema.model_validate({**DOCUMENT, "operations": {"x": {"action": "shout", "channel": {}}}})


def test_component_keys_are_those_the_specification_allows():
    keys = [key for kind in DOCUMENT["components"].values() for key in kind]
    assert all(re.fullmatch(r"[\w.\-]+", key) for key in (*keys, *DOCUMENT["channels"], *DOCUMENT["operations"]))


def test_every_event_is_a_message_on_its_channels():
    assert DOCUMENT["components"]["messages"].keys() == CATALOGUE.keys()
    on_channels = {wire for channel in DOCUMENT["channels"].values() for wire in channel["messages"]}
    assert on_channels == CATALOGUE.keys()
    assert DOCUMENT["channels"][SIGNALS_TOPIC]["messages"].keys() == URGENT


def test_groups_and_topics_are_bound():
    heard = DOCUMENT["operations"]["safeguarding.hears.safeguarding.signals"]
    assert heard["bindings"]["kafka"]["groupId"]["const"] == "safeguarding-signals"
    assert DOCUMENT["channels"]["referral.events"]["bindings"]["kafka"]["partitions"] == 12


@pytest.mark.parametrize("wire", SAMPLES)
def test_what_travels_fits_the_documented_headers_and_payload(wire):
    message = DOCUMENT["components"]["messages"][wire]
    envelope = {**DOCUMENT["components"]["schemas"]["envelope"], "additionalProperties": False}
    headers = {name: text.decode() for name, text in to_headers(SAMPLES[wire])}
    Draft202012Validator(envelope).validate(headers)
    Draft7Validator.check_schema(message["payload"])  # what AsyncAPI takes a schema to be where none is named
    Draft202012Validator(message["payload"]).validate(SAMPLES[wire].event.data())


def test_the_map_names_every_event_and_who_reads_it():
    page = event_map(TEXT)
    assert all(f"`{wire}`" in page for wire in CATALOGUE)
    assert "| triage, support, safeguarding, outcomes |" in page
