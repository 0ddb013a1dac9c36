"""What triage makes of a referral, a worry and a withdrawal, in whatever order they come."""

import pytest

from services.triage.domain.commands import FlagWorry, HearReferral, HearUpdate, HearWithdrawal, HearWorry, MarkTextRead
from shared.events.triage import (
    ReferralHeard,
    TriageRecommended,
    TriageWorryFlagged,
    UpdateHeard,
    WithdrawalHeard,
    WorryHeard,
)
from tests.triage.cases import (
    CASE,
    LPM,
    NOW,
    S1,
    S2,
    TOO_OLD,
    advised,
    cases,
    completed,
    hads,
    heard,
    received,
    signal,
    updated,
    worries,
)


def recommendation(*past, **facts) -> TriageRecommended:
    """The one recommendation that hearing a referral with `facts` leads to."""
    [kept, advice] = cases.given(*past).when(HearReferral(CASE, received(**facts)), now=NOW).events
    assert isinstance(kept, ReferralHeard)
    assert isinstance(advice, TriageRecommended)
    return advice


def test_an_unheard_case_records_the_facts_and_the_advice_in_one_decision():
    events = cases.when(HearReferral(CASE, received()), now=NOW).events

    assert events[0] == heard()
    assert [type(event) for event in events] == [ReferralHeard, TriageRecommended]


def test_a_heard_case_stays_quiet_when_the_referral_comes_again():
    assert cases.given(heard(), advised()).when(HearReferral(CASE, received()), now=NOW) == []


@pytest.mark.parametrize(("level", "urgency"), [("now", "now"), ("today", "today"), ("history", "review")])
def test_a_signal_sets_the_urgency_even_where_she_is_not_eligible(level, urgency):
    """# S1"""
    advice = recommendation(baby=TOO_OLD, signals=(signal(level),))

    assert advice.urgency == urgency
    assert not any(offer.fits for offer in advice.offers)
    assert "risk" in advice.needs_person


def test_unread_text_is_never_routine_and_asks_for_a_reader():
    """# S4"""
    advice = recommendation(text_unread=True)

    assert advice.urgency == "review"
    assert "read_text" in advice.needs_person


def test_a_clear_referral_is_routine_and_fits_both_offers():
    advice = recommendation()

    assert advice.urgency == "routine"
    assert [offer.offer for offer in advice.offers if offer.fits] == ["one-to-one", "group"]
    assert (advice.missing, advice.needs_person) == ((), ())
    assert advice.rule_version == "parents-in-mind/2026-11-1"


def test_a_worry_raises_the_urgency_of_a_waiting_case_once():
    given = cases.given(heard(), recommendation())

    events = given.when(HearWorry(CASE, signal("now")), now=NOW).events
    assert [type(event) for event in events] == [WorryHeard, TriageRecommended]
    assert events[1].data()["urgency"] == "now"
    assert given.given(*events).when(HearWorry(CASE, signal("now")), now=NOW) == []


def test_a_worry_the_referral_brought_is_not_heard_again():
    """# S6"""
    past = cases.given(heard(signals=(signal("today"),)), advised(urgency="today"))

    assert past.when(HearWorry(CASE, signal("today")), now=NOW) == []


def test_a_worry_before_its_referral_waits_and_then_counts():
    early = cases.when(HearWorry(CASE, signal("now", signal_id=S2)), now=NOW).events

    assert [type(event) for event in early] == [WorryHeard]
    assert recommendation(*early).urgency == "now"


def test_a_withdrawal_puts_the_case_before_a_person_and_closes_nothing():
    """# S2"""
    events = cases.given(heard(), recommendation()).when(HearWithdrawal(CASE, "moved_away"), now=NOW).events

    assert [type(event) for event in events] == [WithdrawalHeard, TriageRecommended]
    assert "confirm_withdrawal" in events[1].data()["needs_person"]
    assert events[1].data()["urgency"] == "review"


def test_a_withdrawal_before_its_referral_waits():
    early = cases.when(HearWithdrawal(CASE, "moved_away"), now=NOW).events

    assert "confirm_withdrawal" in recommendation(*early).needs_person


def test_a_decided_case_notes_a_withdrawal_without_new_advice():
    events = cases.given(heard(), advised(), completed()).when(HearWithdrawal(CASE, "x"), now=NOW).events

    assert [type(event) for event in events] == [WithdrawalHeard]


@pytest.mark.parametrize("case", [CASE, None])
def test_a_worry_is_flagged_once_with_or_without_a_case(case):
    """# S3"""
    flag = FlagWorry(signal("now"), case, "adult", observed_at=NOW)

    events = worries.when(flag, now=NOW).events
    assert events == [
        TriageWorryFlagged(
            case=case, occurred_at=NOW, signal_id=S1, about="adult", code="401206008", level="now", observed_at=NOW
        )
    ]
    assert worries.given(*events).when(flag, now=NOW) == []


def test_new_words_in_an_update_ask_for_a_reader_again():
    """# S4"""
    events = cases.given(heard(), advised()).when(HearUpdate(CASE, updated(text_unread=True)), now=NOW).events

    assert [type(event) for event in events] == [UpdateHeard, TriageRecommended]
    assert isinstance(events[1], TriageRecommended)
    assert "read_text" in events[1].needs_person
    assert cases.given(heard(), *events).when(MarkTextRead(CASE, LPM), now=NOW).events != []


def test_an_update_adds_to_what_is_known_and_takes_nothing_away():
    """# S1"""
    past = [heard(conditions=("self_harm",), measures=()), advised(urgency="review")]
    said = updated(conditions=("anxiety",), measures=(hads(13),))
    events = cases.given(*past).when(HearUpdate(CASE, said), now=NOW).events
    state = cases.given(*past, *events).state

    assert state.heard.conditions == ("self_harm", "anxiety")
    assert state.measures == (hads(13),)


def test_an_update_heard_before_its_referral_counts_once_that_comes():
    early = cases.when(HearUpdate(CASE, updated(text_unread=True)), now=NOW).events
    advice = cases.given(*early).when(HearReferral(CASE, received()), now=NOW).events[1]

    assert [type(event) for event in early] == [UpdateHeard]
    assert isinstance(advice, TriageRecommended)
    assert "read_text" in advice.needs_person


def test_words_that_come_after_the_decision_wait_for_a_reader_and_decide_nothing():
    """# S2 S4"""
    past = cases.given(heard(), advised(), completed())
    events = past.when(HearUpdate(CASE, updated(text_unread=True)), now=NOW).events

    assert [type(event) for event in events] == [UpdateHeard]
    assert past.given(*events).when(MarkTextRead(CASE, LPM), now=NOW).events != []
