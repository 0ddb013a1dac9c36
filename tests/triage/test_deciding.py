"""A named person's decision, reading and measuring: what is recorded, and what is refused."""

import pytest

from services.triage.domain.commands import DecideCase, MarkTextRead, RecordMeasure
from shared.events.codes import Measure
from shared.events.triage import MeasureRecorded, TextRead, TriageCompleted, TriageRecommended
from tests.triage.cases import CASE, LPM, NOW, TODAY, TOO_OLD, advised, cases, completed, hads, heard

waiting = cases.given(heard(measures=()), advised())
unread = cases.given(heard(text_unread=True), advised(urgency="review"))
decided = waiting.given(completed())


def decision(outcome="accepted", **more):
    """A project manager's decision."""
    return DecideCase(CASE, outcome, **{"reason": "fits", "decided_by": LPM, **more})


def measured(measure, **more):
    """A questionnaire handed in at the start."""
    return RecordMeasure(CASE, measure, **{"stage": "baseline", "by": LPM, **more})


def test_a_waiting_case_is_completed_by_a_named_person_with_the_rule_version():
    assert waiting.when(decision(offer="group"), now=NOW) == [completed(offer="group")]


@pytest.mark.parametrize("by", ["project-manager", "project-manager/", "/p-7", "volunteer/v-1", "rules/machine", ""])
def test_nobody_else_decides(by):
    """# S2"""
    assert waiting.when(decision(decided_by=by), now=NOW).rejects("triage.needs_named_person")


def test_a_decided_case_is_not_decided_again():
    assert decided.when(decision("declined"), now=NOW).rejects("triage.already_decided")


@pytest.mark.parametrize("asked", [decision(), MarkTextRead(CASE, LPM), measured(hads(9))])
def test_an_unheard_case_can_be_neither_decided_nor_read_nor_measured(asked):
    assert cases.when(asked, now=NOW).rejects("triage.unknown_case")


def test_a_decline_carries_signposts_for_its_reasons():
    advice = advised(offers=[{"offer": "group", "fits": False, "reasons_against": ["child_too_old"]}])
    [done] = cases.given(heard(baby=TOO_OLD), advice).when(decision("declined", reason="other"), now=NOW).events

    assert isinstance(done, TriageCompleted)
    assert {"home-start", "samaritans"} <= set(done.signposts)


@pytest.mark.parametrize(
    ("outcome", "offer"), [("declined", "group"), ("project_manager_only", "group"), ("accepted", "x")]
)
def test_an_offer_that_the_outcome_or_programme_lacks_is_refused(outcome, offer):
    """# R46"""
    assert waiting.when(decision(outcome, offer=offer), now=NOW).rejects("triage.offer_not_possible")


@pytest.mark.parametrize("outcome", ["declined", "withdrawn"])
def test_unread_words_keep_a_case_from_being_closed(outcome):
    """# S4"""
    assert unread.when(decision(outcome), now=NOW).rejects("triage.text_unread")


def test_unread_words_travel_with_an_acceptance_so_that_nobody_is_matched():
    """# S4"""
    assert unread.when(decision(), now=NOW) == [completed(text_unread=True)]


def test_a_decider_may_say_that_they_read_the_words():
    assert unread.when(decision("declined", text_read=True), now=NOW).events[0] == TextRead(
        case=CASE, occurred_at=NOW, by=LPM
    )


def test_reading_the_words_is_noted_once_and_advice_follows():
    events = unread.when(MarkTextRead(CASE, LPM), now=NOW).events

    assert [type(event) for event in events] == [TextRead, TriageRecommended]
    assert events[1].data()["urgency"] == "routine"
    assert unread.given(*events).when(MarkTextRead(CASE, LPM), now=NOW) == []


def test_the_words_may_be_read_after_the_decision():
    past = unread.given(completed(text_unread=True))

    assert past.when(MarkTextRead(CASE, LPM), now=NOW) == [TextRead(case=CASE, occurred_at=NOW, by=LPM)]


def test_a_measure_is_scored_and_changes_the_advice():
    items = Measure(instrument="HADS", version="1", items=dict.fromkeys(range(1, 15), 1), taken_on=TODAY)
    [kept, advice] = waiting.when(measured(items), now=NOW).events

    assert isinstance(kept, MeasureRecorded)
    assert kept.totals == {"anxiety": 7, "depression": 7}
    assert isinstance(advice, TriageRecommended)
    assert advice.missing == ()


def test_a_follow_up_of_a_decided_case_is_recorded_without_advice():
    events = decided.when(measured(hads(9), stage="follow_up"), now=NOW).events

    assert [type(event) for event in events] == [MeasureRecorded]


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        (hads(22), "triage.measure_invalid"),
        (Measure(instrument="HADS", version="1", taken_on=TODAY), "triage.measure_empty"),
        (Measure(instrument="HADS", version="9", taken_on=TODAY), "triage.unknown_instrument"),
        (Measure(instrument="MADE-UP", version="1", taken_on=TODAY), "triage.unknown_instrument"),
        (hads(9).model_copy(update={"taken_on": TODAY.replace(year=2027)}), "triage.measure_in_future"),
    ],
)
def test_a_measure_that_cannot_be_true_is_refused(measure, code):
    assert waiting.when(measured(measure), now=NOW).rejects(code)
