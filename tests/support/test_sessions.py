"""A session that happened is on record, whatever is wrong with what was written about it (SAFETY S3)."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.support.domain.case.commands import FlagWorry
from shared.events.codes import Signal
from shared.events.support import AttendanceRecorded, SessionLogged, SupportEnded, SupportWorryFlagged
from tests.support.cases import (
    ANNA,
    BEA,
    CASE,
    LPM,
    NOW,
    RULES,
    SESSION,
    cases,
    made,
    opened,
    place_heard,
    session,
    worries,
)

ended = SupportEnded(case=CASE, occurred_at=NOW, reason="goals_met", by=LPM)
matched = cases.given(opened(), place_heard(), made())


def logged(past, asked):
    """The session that `asked` leaves on record."""
    [kept, came] = past.when(asked, now=NOW).events
    assert isinstance(kept, SessionLogged)
    assert isinstance(came, AttendanceRecorded)
    return kept, came


def test_a_session_of_a_matched_case_is_led_by_her_volunteer():
    kept, came = logged(matched, session())

    assert (kept.outcome, kept.by, kept.minutes) == ("took_place", (ANNA,), 60)
    assert kept.occurred_at == NOW - timedelta(hours=1)
    assert came.attended


def test_whoever_led_it_instead_is_named():
    assert logged(matched, session(by=BEA))[0].by == (BEA,)


def test_a_missed_session_keeps_its_first_barrier_as_the_reason():
    asked = session(outcome="missed", attended=False, reasons=("childcare", "weather"))
    kept, came = logged(matched, asked)

    assert (kept.outcome, came.attended, came.reason) == ("missed", False, "childcare")


@pytest.mark.parametrize(
    ("past", "asked", "fault"),
    [
        ([], session(), "case_not_open"),
        ([opened(), ended], session(), "support_ended"),
        ([opened()], session(held_at=NOW + RULES.clock_error + timedelta(hours=1)), "held_at"),
        ([opened()], session(minutes=RULES.session_minutes_most + 1), "minutes"),
        ([opened()], session(outcome="cancelled"), "attended"),
        ([opened()], session(faults=("channel",)), "channel"),
    ],
)
def test_a_session_that_does_not_add_up_is_kept_to_be_corrected(past, asked, fault):
    """# S3"""
    kept, _ = logged(cases.given(*past), asked)

    assert kept.outcome == "to_be_corrected"
    assert f"fault/{fault}" in kept.reasons
    assert kept.occurred_at <= NOW


def test_the_same_session_is_on_record_once():
    assert matched.given(*logged(matched, session())).when(session(minutes=30), now=NOW) == []


def test_a_faulty_session_is_corrected_by_a_whole_one():
    faulty = matched.given(*logged(matched, session(faults=("minutes",))))

    assert faulty.when(session(faults=("minutes",)), now=NOW) == []
    assert logged(faulty, session())[0].outcome == "took_place"


STATUSES = st.sampled_from([[], [opened()], [opened(), place_heard(), made()], [opened(), ended]])


@given(
    past=STATUSES,
    minutes=st.integers(0, 100_000),
    hours=st.integers(-50_000, 50_000),
    outcome=st.sampled_from(["took_place", "missed", "cancelled"]),
    attended=st.booleans(),
    faults=st.lists(st.sampled_from(["minutes", "channel", "offer"]), max_size=3).map(tuple),
)
def test_no_session_is_ever_refused(past, minutes, hours, outcome, attended, faults):
    """# S3"""
    asked = session(
        minutes=minutes, held_at=NOW + timedelta(hours=hours), outcome=outcome, attended=attended, faults=faults
    )

    assert logged(cases.given(*past), asked)[0].session == SESSION


@pytest.mark.parametrize("case", [CASE, None])
def test_a_worry_is_flagged_once_with_or_without_a_case(case):
    """# S3 S6"""
    signal = Signal(signal_id=UUID(int=5), code="danger/yes", level="now")
    flag = FlagWorry(signal, case, "adult", observed_at=NOW)

    events = worries.when(flag, now=NOW).events
    assert [type(event) for event in events] == [SupportWorryFlagged]
    assert (events[0].case, events[0].data()["level"]) == (case, "now")
    assert worries.given(*events).when(flag, now=NOW) == []
