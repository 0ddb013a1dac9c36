"""A case's stream: opening, the verdict on each kept place, and ending by a named person."""

from datetime import timedelta

import pytest

from services.support.domain.case.commands import (
    HearMatchingConsent,
    HearPlaceHeld,
    HearPlaceLapsed,
    HearTextRead,
    HearTextUnread,
    HearWithdrawal,
)
from shared.events.support import (
    MatchEnded,
    MatchingConsentHeard,
    MatchRefused,
    SupportEnded,
    SupportWithdrawalHeard,
    TextReadHeard,
    TextUnreadHeard,
)
from tests.support.cases import (
    ANNA,
    BEA,
    CASE,
    LPM,
    NOW,
    UNTIL,
    cases,
    end,
    hear_triage,
    made,
    match,
    opened,
    place_heard,
)

withdrawn = SupportWithdrawalHeard(case=CASE, occurred_at=NOW, reason="x")
read = TextReadHeard(case=CASE, occurred_at=NOW)
more = TextUnreadHeard(case=CASE, occurred_at=NOW)
ended = SupportEnded(case=CASE, occurred_at=NOW, reason="goals_met", review=True, by=LPM)
open_case = cases.given(opened())
matched = open_case.given(place_heard(), made())


def refused(reason, volunteer=ANNA):
    """The place is given back."""
    return MatchRefused(case=CASE, occurred_at=NOW, volunteer=volunteer, reason=reason)


def test_an_acceptance_opens_the_case_once():
    assert cases.when(hear_triage(), now=NOW) == [opened()]
    assert open_case.when(hear_triage(), now=NOW) == []


def test_a_kept_place_is_known_to_its_case_even_before_it_opens():
    asked = HearPlaceHeld(CASE, ANNA, UNTIL)

    assert open_case.when(asked, now=NOW) == [place_heard()]
    assert cases.when(asked, now=NOW) == [place_heard()]


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        ([opened(), place_heard(BEA), made(BEA)], "already_matched"),
        ([opened(), ended], "support_ended"),
        ([opened(), withdrawn], "referral_withdrawn"),
        ([withdrawn], "referral_withdrawn"),
    ],
)
def test_a_place_that_a_case_cannot_use_is_given_back_at_once(past, reason):
    assert cases.given(*past).when(HearPlaceHeld(CASE, ANNA, UNTIL), now=NOW) == [refused(reason)]


def test_an_open_case_with_a_kept_place_is_matched():
    assert open_case.given(place_heard()).when(match(), now=NOW) == [made()]


def test_a_match_gives_back_the_other_place_kept_for_her():
    past = open_case.given(place_heard(), place_heard(BEA))

    assert past.when(match(), now=NOW) == [made(), refused("already_matched", BEA)]


@pytest.mark.parametrize(
    ("past", "asked", "code"),
    [
        ([place_heard()], match(), "support.case_not_open"),
        ([opened()], match(), "support.no_place_held"),
        ([opened(), place_heard()], match(BEA), "support.no_place_held"),
        ([opened(), place_heard()], match(held_back=True), "support.held_by_safeguarding"),  # S24
        ([opened(text_unread=True), place_heard()], match(), "support.text_unread"),  # S4
        ([opened(), more, place_heard()], match(), "support.text_unread"),  # S4
        ([read, opened(text_unread=True), more, place_heard()], match(), "support.text_unread"),  # S4
        ([opened(), withdrawn], match(), "support.referral_withdrawn"),  # S15
        ([opened(offer=None), place_heard()], match(), "support.offer_missing"),
        ([opened(), place_heard(), made()], match(), "support.already_matched"),
        ([opened(), ended], match(), "support.already_ended"),
    ],
)
def test_a_match_is_refused_while(past, asked, code):
    assert cases.given(*past).when(asked, now=NOW).rejects(code)


def test_a_place_is_not_matched_after_its_time():
    past = open_case.given(place_heard())

    assert past.when(match(), now=UNTIL).rejects("support.place_expired")
    assert past.when(match(), now=UNTIL - timedelta(milliseconds=1)).code is None


@pytest.mark.parametrize("past", [[read, opened(text_unread=True)], [opened(text_unread=True), read]])
def test_a_match_is_possible_once_the_words_are_read_in_either_order(past):
    """# S4"""
    assert cases.given(*past, place_heard()).when(match(), now=NOW) == [made()]
    assert cases.given(*past).when(HearTextRead(CASE), now=NOW) == []


def test_a_lapsed_place_is_refused_unless_it_became_a_match_or_was_settled():
    asked = HearPlaceLapsed(CASE, ANNA, "expired")

    assert open_case.given(place_heard()).when(asked, now=NOW) == [refused("expired")]
    assert matched.when(asked, now=NOW) == []
    assert open_case.given(place_heard(), refused("expired")).when(asked, now=NOW) == []


def test_a_withdrawal_gives_kept_places_back_and_ends_nothing():
    """# S15"""
    asked = HearWithdrawal(CASE, "x")

    assert open_case.given(place_heard()).when(asked, now=NOW) == [withdrawn, refused("referral_withdrawn")]
    assert matched.when(asked, now=NOW) == [withdrawn]
    assert matched.given(withdrawn).when(asked, now=NOW) == []


def test_an_ending_ends_the_match_and_then_the_support():
    assert matched.when(end(), now=NOW) == [
        MatchEnded(case=CASE, occurred_at=NOW, volunteer=ANNA, reason="goals_met"),
        ended,
    ]


def test_an_ending_without_a_match_gives_kept_places_back():
    assert open_case.given(place_heard()).when(end(), now=NOW) == [refused("support_ended"), ended]


@pytest.mark.parametrize(
    ("past", "asked", "code"),
    [
        ([], end(), "support.case_not_open"),
        ([opened(), ended], end(), "support.already_ended"),
        ([opened()], end(by="project-manager/"), "support.needs_named_person"),  # S2
        ([opened()], end(held_back=True), "support.held_by_safeguarding"),  # S24
    ],
)
def test_an_ending_is_refused_while(past, asked, code):
    assert cases.given(*past).when(asked, now=NOW).rejects(code)


def test_a_late_acceptance_does_not_reopen_an_ended_case():
    assert open_case.given(ended).when(hear_triage(), now=NOW) == []


@pytest.mark.parametrize("past", [[more, opened(), read], [opened(), more, read], [more, read, opened()]])
def test_once_later_words_were_read_a_match_is_possible_again(past):  # S4
    assert cases.given(*past, place_heard()).when(match(), now=NOW) == [made()]


def test_later_words_hold_matches_back_from_the_moment_they_are_heard():
    assert cases.given(opened()).when(HearTextUnread(CASE), now=NOW) == [more]


def her_word(given):
    """On being introduced to a volunteer."""
    return MatchingConsentHeard(case=CASE, occurred_at=NOW, given=given)


@pytest.mark.parametrize("past", [[her_word("no"), opened()], [opened(), her_word("yes"), her_word("no")]])
def test_a_woman_who_does_not_want_to_be_introduced_is_not(past):  # S15
    assert cases.given(*past, place_heard()).when(match(), now=NOW).rejects("support.no_consent")
    assert cases.given(*past).when(HearPlaceHeld(CASE, ANNA, UNTIL), now=NOW) == [refused("no_consent")]
    assert cases.given(*past, her_word("yes"), place_heard()).when(match(), now=NOW) == [made()]


def test_a_match_that_is_made_stays_a_persons_to_end():  # S15
    asked = HearMatchingConsent(CASE, "no")
    assert matched.when(asked, now=NOW) == [her_word("no")]


def test_places_kept_for_her_are_given_back_when_she_says_no():  # S15
    past = open_case.given(place_heard())
    assert past.when(HearMatchingConsent(CASE, "no"), now=NOW) == [her_word("no"), refused("no_consent")]
    assert past.when(HearMatchingConsent(CASE, "yes"), now=NOW) == [her_word("yes")]
