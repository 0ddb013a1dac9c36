"""The catalogue holds every event once, under its owner's name, and ids and times come out the same every time."""

from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.events import ids
from shared.events.catalogue import CATALOGUE, SERVICES, SIGNALS_TOPIC, URGENT, topics_of
from shared.events.event import Event
from shared.events.moment import whole_milliseconds
from shared.events.referral import ReferralMerged
from shared.events.shapes import CODE, STREAM, WIRE
from shared.events.worry import WorryFlagged

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_class_of_a_service_is_in_the_catalogue_under_its_name(service):
    module = import_module(f"shared.events.{service}")
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    events = [event for event in own if issubclass(event, Event)]
    assert events
    for event in events:
        assert "wire" in vars(event), f"{event.__name__} has no wire type of its own"
        assert CATALOGUE[event.wire] is event, f"{event.wire} is used twice"
        assert event.wire.startswith(f"{service}.")
        assert WIRE.match(event.wire)
        assert event.__doc__ != Event.__doc__


def test_only_worries_are_urgent_and_travel_on_both_topics():
    assert {"referral.worry_flagged.v1", "triage.worry_flagged.v1", "support.worry_flagged.v1"} == URGENT
    assert all(issubclass(CATALOGUE[wire], WorryFlagged) for wire in URGENT)
    assert topics_of("support.worry_flagged.v1") == ("support.events", SIGNALS_TOPIC)
    assert topics_of("support.match_made.v1") == ("support.events",)


def test_an_event_is_frozen_and_its_data_leaves_the_envelope_out():
    event = ReferralMerged(case=ONE, occurred_at=datetime(2026, 11, 24, tzinfo=UTC), into=TWO)
    assert event.data() == {"into": str(TWO)}
    with pytest.raises(ValidationError, match="frozen"):
        setattr(event, "case", TWO)  # noqa: B010 - mypy already forbids the plain assignment


def test_the_same_cause_gives_the_same_id_and_every_part_of_it_counts():
    made = [
        ids.event_id(0, "triage", "case/1", 1), ids.event_id(1, "triage", "case/1", 1),
        ids.event_id(0, "triage", "case/2", 1), ids.event_id(0, "support", "case/1", 1),
        ids.event_id(0, "triage", "case/1", 2), ids.reaction_cause(ONE, "case/1", "Hear", 0),
        ids.reaction_cause(TWO, "case/1", "Hear", 0),
        ids.reaction_cause(ONE, "case/1", "Hear", 1), ids.command_cause("client", "refer", "key"),
        ids.deadline_cause("case/1", 1, 0), ids.deadline_cause("case/1", 1, 1),
        ids.signal_id_from_message("X26", "bundle", "U"), ids.signal_id_from_message("X26", "bundle", "V"),
        ids.concern_id(ONE),
    ]  # fmt: skip
    assert len(set(made)) == len(made)
    assert ids.concern_id(ONE) == ids.concern_id(ONE)
    # Frozen: stored commits and other services' guards hold these ids.
    assert ids.event_id(0, "triage", "case/1", 1) == UUID("06114046-c2ea-5da4-b3e7-de7e1641ee19")


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_utc_in_whole_milliseconds_and_never_later(moment):
    try:
        kept = whole_milliseconds(moment)
    except ValueError:  # only at the ends of the calendar
        assert moment.year in (1, 9999)
        return
    assert kept.tzinfo is UTC
    assert kept.microsecond % 1000 == 0
    assert timedelta(0) <= moment.astimezone(UTC) - kept < timedelta(milliseconds=1)
    assert whole_milliseconds(kept) == kept


def test_a_moment_outside_the_calendar_is_a_value_error():
    with pytest.raises(ValueError, match="outside the calendar"):
        whole_milliseconds(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))


@pytest.mark.parametrize("text", ["", "a b", "a\n", "é", "x" * 81, "a@b"])
def test_what_is_not_a_code_does_not_match(text):
    assert not CODE.match(text)


@pytest.mark.parametrize("text", ["case", "case/", "Case/1", "case/a b", "/case/1", "case/1\n"])
def test_what_is_not_a_stream_does_not_match(text):
    assert not STREAM.match(text)
