"""Referred, supported, followed up: the pilot's figures, distinct people, and as at any date."""

from datetime import timedelta

from services.outcomes.domain.funnel import Stage, funnel, sites_of
from services.outcomes.domain.reading import AsAt, people
from shared.events.referral import ReferralMerged
from tests.outcomes.world import (
    ALWAYS,
    DEFINITIONS,
    LATER,
    attendance,
    case_of,
    cases,
    measured,
    on,
    recorded,
    referral,
)

LOW = {"anxiety": 9, "depression": 7}


def test_the_pilots_funnel_is_260_182_103():  # R103, R104
    events = [referral(number) for number in range(260)]
    events += [attendance(number) for number in range(182)]
    events += [measured(number, LOW, day=90) for number in range(103)]
    assert funnel(people(cases(events))) == [
        Stage("referred", 260, None, None),
        Stage("supported", 182, 260, 70),
        Stage("followed_up", 103, 182, 57),
    ]


def test_nobody_at_all_gives_no_percentage():
    assert funnel([]) == [
        Stage("referred", 0, None, None),
        Stage("supported", 0, 0, None),
        Stage("followed_up", 0, 0, None),
    ]


def test_a_person_referred_twice_counts_once():
    events = [referral(1), referral(2, repeat_of=case_of(1)), attendance(2), attendance(1, day=30)]
    assert _counts(events) == [1, 1, 0]


def test_a_merged_referral_and_a_ring_of_merges_count_once():
    merge = recorded(ReferralMerged(case=case_of(1), occurred_at=on(3), into=case_of(2)), 2)
    back = recorded(ReferralMerged(case=case_of(2), occurred_at=on(4), into=case_of(1)), 2)
    assert _counts([referral(1), referral(2), merge]) == [1, 0, 0]
    assert _counts([referral(1), referral(2), referral(3), merge, back]) == [2, 0, 0]


def test_a_missed_session_is_not_support():
    assert _counts([referral(1), attendance(1, attended=False)]) == [1, 0, 0]


def test_a_questionnaire_before_the_first_session_is_no_follow_up():
    assert _counts([referral(1), attendance(1, day=10), measured(1, LOW, day=9)]) == [1, 1, 0]
    assert _counts([referral(1), attendance(1, day=10), measured(1, LOW, day=10)]) == [1, 1, 1]
    assert _counts([referral(1), measured(1, LOW, day=10)]) == [1, 0, 0]


def test_facts_of_a_case_without_a_referral_wait():
    assert _counts([attendance(1), measured(1, LOW, day=90)]) == [0, 0, 0]


def test_each_date_shows_what_had_happened_by_then():
    events = [referral(1), attendance(1, day=10), measured(1, LOW, day=90)]
    stages = [[stage.n for stage in funnel(people(cases(events, _as_at(day))))] for day in (-1, 0, 10, 89, 90)]
    assert stages == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1]]


def test_what_was_entered_late_shows_from_when_it_was_known():
    late = recorded(attendance(1, day=10).event, 5, at=on(50))
    known = [
        [stage.n for stage in funnel(people(cases([referral(1), late], AsAt(LATER, on(day), DEFINITIONS.zone))))]
        for day in (49, 50)
    ]
    assert known == [[1, 0, 0], [1, 1, 0]]


def test_sites_are_counted_apart():
    everyone = people(cases([referral(1, site="halton"), referral(2), attendance(2)]))
    assert sites_of(everyone) == ["halton", "newham"]
    assert [stage.n for stage in funnel(everyone, site="halton")] == [1, 0, 0]
    assert [stage.n for stage in funnel(everyone, site="newham")] == [1, 1, 0]
    assert [stage.n for stage in funnel(everyone, site="nowhere")] == [0, 0, 0]


def test_a_day_ends_at_local_midnight():
    assert DEFINITIONS.end_of(on(0).date()) == on(0).replace(hour=23, minute=59, second=59, microsecond=999000)
    assert DEFINITIONS.end_of(on(180).date()).hour == 22  # summer time


def _as_at(day):
    return AsAt(on(day) + timedelta(hours=1), ALWAYS.known_by, DEFINITIONS.zone)


def _counts(events):
    return [stage.n for stage in funnel(people(cases(events)))]
