"""A volunteer's stream: readiness, the cap, and what becomes of a place."""

from datetime import timedelta

import pytest

from services.support.domain.volunteer.commands import (
    DeadlinePassed,
    HoldPlace,
    PauseVolunteer,
    ReleasePlace,
    ResumeVolunteer,
    TakePlace,
)
from shared.events.support import PlaceLapsed, PlaceReleased, PlaceTaken
from tests.support.cases import (
    ANNA,
    CASE,
    NOW,
    OTHER_CASE,
    RULES,
    THIRD_CASE,
    UNTIL,
    changed,
    held,
    register,
    volunteers,
)

ready = volunteers.given(changed())
full = ready.given(held(CASE), held(OTHER_CASE))
taken = PlaceTaken(case=CASE, occurred_at=NOW, volunteer=ANNA)
STREAM = f"volunteer/{ANNA}"


def lapsed(reason):
    """The place's time is over."""
    return PlaceLapsed(case=CASE, occurred_at=NOW, volunteer=ANNA, reason=reason)


def test_somebody_with_every_gate_is_ready_with_the_usual_cap():
    assert volunteers.when(register(), now=NOW) == [changed(cap=RULES.cap.usual)]


@pytest.mark.parametrize("gate", RULES.gates)
def test_nobody_is_ready_without_every_gate(gate):
    """# R22 R72"""
    gates = tuple(one for one in RULES.gates if one != gate)

    assert volunteers.when(register(gates=gates), now=NOW).rejects("support.gates_missing")


@pytest.mark.parametrize("cap", [0, -1, RULES.cap.most + 1])
def test_a_cap_beyond_the_agreed_one_is_refused(cap):
    """# R95"""
    assert volunteers.when(register(cap=cap), now=NOW).rejects("support.cap_out_of_range")


def test_a_volunteer_registers_once():
    assert ready.when(register(), now=NOW).rejects("support.already_registered")


def test_a_ready_volunteer_keeps_a_place_until_the_agreed_time():
    assert ready.when(HoldPlace(ANNA, CASE), now=NOW) == [held()]
    assert ready.given(held()).due() == UNTIL


def test_a_full_volunteer_keeps_no_further_place():
    assert full.when(HoldPlace(ANNA, THIRD_CASE), now=NOW).rejects("support.volunteer_full")


def test_a_place_in_question_still_counts_against_the_cap():
    assert full.given(lapsed("expired")).when(HoldPlace(ANNA, THIRD_CASE), now=NOW).rejects("support.volunteer_full")


def test_a_place_is_kept_once_for_a_case():
    assert ready.given(held()).when(HoldPlace(ANNA, CASE), now=NOW).rejects("support.already_held")


@pytest.mark.parametrize("status", ["paused", "suspended", "left"])
def test_a_volunteer_who_is_away_is_not_held(status):
    assert volunteers.given(changed(status)).when(HoldPlace(ANNA, CASE), now=NOW).rejects("support.volunteer_away")


@pytest.mark.parametrize("asked", [HoldPlace(ANNA, CASE), PauseVolunteer(ANNA)])
def test_an_unknown_volunteer_is_not_found(asked):
    assert volunteers.when(asked, now=NOW).rejects("support.unknown_volunteer")


def test_a_kept_place_lapses_when_its_time_is_over_and_asks_its_case():
    fired = DeadlinePassed(STREAM, UNTIL)

    assert ready.given(held()).when(fired, now=UNTIL - timedelta(seconds=2)) == [
        lapsed("expired").model_copy(update={"occurred_at": UNTIL})
    ]
    assert ready.given(held(), lapsed("expired")).due() is None


@pytest.mark.parametrize("past", [[], [changed()], [changed(), held(), taken]])
def test_a_deadline_that_finds_nothing_due_stays_quiet(past):
    assert volunteers.given(*past).when(DeadlinePassed(STREAM, UNTIL), now=UNTIL) == []


def test_a_pause_is_at_once_and_puts_kept_places_in_question():
    """# S30"""
    assert ready.given(held()).when(PauseVolunteer(ANNA), now=NOW) == [changed("paused"), lapsed("volunteer_paused")]


def test_a_pause_leaves_the_people_she_has():
    assert ready.given(held(), taken).when(PauseVolunteer(ANNA), now=NOW) == [changed("paused")]


def test_a_paused_volunteer_comes_back():
    away = volunteers.given(changed("paused"))

    assert away.when(ResumeVolunteer(ANNA), now=NOW) == [changed()]
    assert away.when(PauseVolunteer(ANNA), now=NOW) == []


def test_a_suspended_volunteer_does_not_bring_herself_back():
    """# S23"""
    assert volunteers.given(changed("suspended")).when(ResumeVolunteer(ANNA), now=NOW).rejects("support.volunteer_away")


@pytest.mark.parametrize("between", [[], [lapsed("expired")]])
def test_a_match_takes_the_place_once_even_while_it_is_in_question(between):
    past = ready.given(held(), *between)

    assert past.when(TakePlace(ANNA, CASE), now=NOW) == [taken]
    assert past.given(taken).when(TakePlace(ANNA, CASE), now=NOW) == []


@pytest.mark.parametrize("past", [[held()], [held(), lapsed("expired")], [held(), taken]])
def test_the_cases_verdict_frees_the_place(past):
    released = PlaceReleased(case=CASE, occurred_at=NOW, volunteer=ANNA, reason="x")
    given = ready.given(*past)

    assert given.when(ReleasePlace(ANNA, CASE, "x"), now=NOW) == [released]
    assert given.given(released).when(ReleasePlace(ANNA, CASE, "x"), now=NOW) == []
