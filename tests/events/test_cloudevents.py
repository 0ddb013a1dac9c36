"""Events on the wire: whatever is written is read back the same, and nothing that is read can raise anything else."""

import json
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events.catalogue import UnknownType, Unreadable
from shared.events.cloudevents import REQUIRED, from_record, to_headers, to_value
from shared.events.recorded import Recorded
from tests.events.samples import SAMPLES
from tests.events.strategies import RECORDED

RECEIVED = SAMPLES["referral.received.v1"]
SECRET = "Jane Example 07700900123"
Pairs = list[tuple[str, bytes | None]]


def read(**changed: bytes | None) -> Recorded:
    """The example with some headers replaced (`ce_id=…`), left out (None), or its key or value replaced."""
    value = changed.pop("value", to_value(RECEIVED))
    key = changed.pop("key", RECEIVED.key.encode())
    headers: dict[str, bytes | None] = {**dict(to_headers(RECEIVED)), **changed}
    return from_record(key, value, [(name, text) for name, text in headers.items() if text is not None])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(RECORDED)
def test_every_event_is_read_back_as_it_was_written(recorded: Recorded):
    assert from_record(recorded.key.encode(), to_value(recorded), to_headers(recorded)) == recorded


@pytest.mark.parametrize("wire", SAMPLES)
def test_the_cloudevents_library_reads_what_is_written(wire):
    recorded = SAMPLES[wire]
    message = KafkaMessage(headers=dict(to_headers(recorded)), key=recorded.key.encode(), value=to_value(recorded))
    event = from_binary_event(message)  # validates names, types and required attributes of CloudEvents 1.0
    assert (event.get_id(), event.get_type()) == (str(recorded.event_id), wire)
    assert (event.get_source(), event.get_subject()) == (recorded.source, str(recorded.event.case))
    assert event.get_time() == recorded.event.occurred_at
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == recorded.event.data()
    assert event.get_extension("sequence") == "0000000003"
    assert event.get_extension("partitionkey") == recorded.key


def test_every_attribute_of_the_design_is_a_header():
    assert {name for name, _ in to_headers(RECEIVED)} == {
        *REQUIRED, "ce_subject", "ce_correlationid", "ce_claims", "traceparent", "content-type",
    }  # fmt: skip


def test_an_event_about_no_case_is_keyed_by_its_streams_own_id():
    event = RECEIVED.event.model_copy(update={"case": None})
    alone = Recorded(**{name: getattr(RECEIVED, name) for name in RECEIVED.__slots__} | {"event": event})
    assert "ce_subject" not in dict(to_headers(alone))
    assert from_record(alone.stream.split("/")[1].encode(), to_value(alone), to_headers(alone)) == alone


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name):
    with pytest.raises(Unreadable, match=f"^{name}: missing"):
        read(**{name: None})


@pytest.mark.parametrize("name", [*REQUIRED, "ce_subject", "ce_correlationid", "ce_claims", "content-type"])
def test_a_broken_repeated_or_null_header_is_named_and_its_value_is_not_repeated(name):
    headers: Pairs = list(to_headers(RECEIVED))
    others = [pair for pair in headers if pair[0] != name]
    for broken in ([(name, b"\xff\xfe")], [(name, None)], [pair for pair in headers if pair[0] == name] * 2):
        with pytest.raises(Unreadable, match=f"^{name}: "):
            from_record(None, to_value(RECEIVED), [*others, *broken])
    with pytest.raises(Unreadable, match=f"^{name}: ") as refused:
        read(**{name: SECRET.encode()})
    assert "Jane" not in str(refused.value)


def test_headers_of_other_tools_are_not_looked_at():
    headers: Pairs = [*to_headers(RECEIVED), ("x", b"\xff"), ("x", None), ("traceparent", b"\xff")]
    assert from_record(None, to_value(RECEIVED), headers) == RECEIVED


@pytest.mark.parametrize(
    "changed",
    [
        {"ce_sequence": b"0000000000"},
        {"ce_sequence": b"3"},
        {"ce_sequence": "٠٠٠٠٠٠٠٠٠٣".encode()},
        {"ce_time": b"2026-11-24T15:00:00"},
        {"ce_time": b"0001-01-01T00:00:00+14:00"},
        {"ce_recordedtime": b"yesterday"},
        {"ce_source": f"/triage/{RECEIVED.stream}".encode()},
        {"ce_source": b"referral/case/1"},
        {"ce_commit": b"case/other/0000000001"},
        {"ce_epoch": b"-1"},
        {"ce_claims": b'{"a": 1}'},
        {"ce_type": b"nobody.received.v1"},
        {"ce_type": b"referral.received"},
        {"ce_specversion": b"0.3"},
        {"content-type": b"application/cloudevents+json"},
        {"key": b"another"},
        {"key": b""},
        {"value": None},
        {"value": b""},
        {"value": b"null"},
        {"value": b"[]"},
        {"value": b"\xff"},
        {"value": b"{"},
        {"value": b"[" * 100_000},
        {"value": b'{"programme":' * 100_000},
        {"value": b'{"source": "\\ud800"}'},
        {"value": b"{}"},
        {"value": b'{"source": "gp", "route": "json", "repeat_of": 1e999}'},
        {"value": b'{"source": ' + b"9" * 5000 + b"}"},
    ],
)
def test_what_does_not_fit_is_unreadable(changed: dict[str, Any]):
    with pytest.raises(Unreadable):
        read(**changed)


@pytest.mark.parametrize("wire", [b"referral.received.v2", b"referral.never_heard_of.v1", b"outcomes.received.v1"])
def test_a_well_formed_type_or_version_nobody_knows_is_unknown(wire):
    with pytest.raises(UnknownType):
        read(ce_type=wire, value=b"\xff")


def test_a_field_a_newer_publisher_added_is_ignored():
    data = {**RECEIVED.event.data(), "added_later": {"deep": [1]}}
    assert read(value=json.dumps(data).encode()).event == RECEIVED.event


def test_a_fault_in_the_data_names_the_field_and_repeats_no_value():
    measure = {"instrument": "HADS", "version": SECRET, "items": {SECRET: 1, "1": SECRET}, "totals": {SECRET: SECRET}}
    data = {**RECEIVED.event.data(), "source": SECRET, "measures": [measure]}
    with pytest.raises(Unreadable, match=r"source: literal_error.*measures\.0\.items") as refused:
        read(value=json.dumps(data).encode())
    assert "Jane" not in str(refused.value)


def test_a_push_has_no_key_and_need_not_name_its_content_type():
    headers = [(name, text) for name, text in to_headers(RECEIVED) if name.startswith("ce_")]
    assert from_record(None, to_value(RECEIVED), headers) == RECEIVED


NAMES = st.sampled_from([*REQUIRED, "ce_subject", "ce_correlationid", "ce_claims", "content-type"])
HEADERS = st.lists(st.tuples(NAMES | st.text(max_size=8), st.none() | st.binary(max_size=40)), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=80), HEADERS)
def test_arbitrary_bytes_raise_one_of_the_two_errors(key, value, headers):
    with pytest.raises((Unreadable, UnknownType)):
        from_record(key, value, headers)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SAMPLES)), NAMES, st.text(max_size=30), st.data())
def test_one_mutation_is_read_or_raises_one_of_the_two_errors(wire, name, text, data):
    recorded = SAMPLES[wire]
    body = dict(recorded.event.data())
    for field in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=2)) if body else ():
        body[field] = data.draw(JSON)
    headers: Pairs = [
        (each, text.encode() if each == name and data.draw(st.booleans()) else old)
        for each, old in to_headers(recorded)
    ]
    try:
        assert from_record(None, json.dumps(body).encode(), headers).event.wire
    except (Unreadable, UnknownType):
        return
