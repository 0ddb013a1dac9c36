"""The rules one by one: risk, eligibility, bands, preferences, and what only a person may settle."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.policy import ORDER, Facts, rank, recommend, signposts_of, totals_of
from shared.events.codes import Baby, Measure
from tests.triage.cases import BORN_2024, DUE, NOW, RULES, S2, TODAY, TOO_OLD, hads, heard, signal

PROGRAMME = RULES.programmes["parents-in-mind"]


def advice(**facts):
    """The advice on a referral with `facts`."""
    seen = heard(**facts)
    return recommend(Facts(seen, measures=seen.measures, text_unread=seen.text_unread), RULES, now=NOW)


def offer(name, **facts):
    """The advice on one offer."""
    return next(one for one in advice(**facts).offers if one.offer == name)


@pytest.mark.parametrize(
    ("baby", "fits", "reason"),
    [
        (DUE, True, "pregnant"),
        (BORN_2024, True, "child_young_enough"),  # one year and 364 days
        (TOO_OLD, False, "child_too_old"),  # exactly two years
    ],
)
def test_eligibility_is_pregnant_or_a_child_under_two_on_the_day(baby, fits, reason):
    found = offer("one-to-one", baby=baby)

    assert found.fits is fits
    assert reason in (found.reasons_for if fits else found.reasons_against)


def test_no_baby_date_is_missing_and_speaks_against_nothing():
    assert advice(baby=None).missing == ("baby",)
    assert offer("one-to-one", baby=None).reasons_against == ()


def test_a_due_date_long_past_asks_a_person_and_implies_no_birth():
    """# S7"""
    found = advice(baby=Baby(kind="due", on=TODAY - timedelta(days=60)))

    assert "due_date_passed" in found.needs_person
    assert all(not one.reasons_against for one in found.offers)


@pytest.mark.parametrize("loss", ["pregnancy_loss", "baby_died", "baby_living_elsewhere"])
def test_a_loss_is_a_same_day_task_and_never_a_decline(loss):
    """# S7"""
    found = advice(baby=TOO_OLD, conditions=(loss,))

    assert found.urgency in ("now", "today")
    assert loss in found.needs_person
    assert all(not one.reasons_against for one in found.offers)


@pytest.mark.parametrize(
    ("anxiety", "band"),
    [(7, "normal"), (8, "mild"), (10, "mild"), (11, "clinically_significant"), (21, "clinically_significant")],
)
def test_hads_bands_are_reasons_and_a_high_score_excludes_nobody(anxiety, band):
    """# R42"""
    found = offer("one-to-one", measures=(hads(anxiety),))

    assert f"hads_anxiety_{band}" in found.reasons_for
    assert found.fits


def test_a_total_outside_the_range_is_said_and_scored_as_nothing():
    """# R42"""
    assert "hads_anxiety_out_of_range" in offer("one-to-one", measures=(hads(22),)).reasons_for


def test_item_scores_are_added_up_by_the_instrument():
    items = Measure(instrument="HADS", version="1", items=dict.fromkeys(range(1, 15), 2), taken_on=TODAY)

    assert totals_of(items, RULES.instruments["HADS"]) == {"anxiety": 14, "depression": 14}


def test_a_missing_baseline_is_asked_for():
    assert advice(measures=()).missing == ("HADS",)


@pytest.mark.parametrize("condition", ["self_harm", "suicidal_thoughts", "postpartum_psychosis"])
def test_conditions_for_review_need_a_person_and_are_never_routine(condition):
    found = advice(conditions=(condition,))

    assert condition in found.needs_person
    assert found.urgency != "routine"


def test_a_group_is_never_offered_to_somebody_anxious_in_groups():
    """# R48"""
    group = offer("group", preferences=("anxious_in_groups",))

    assert not group.fits
    assert group.reasons_against == ("anxious_in_groups",)
    assert offer("one-to-one", preferences=("anxious_in_groups",)).fits


@pytest.mark.parametrize("age_band", ["under_13", "13_to_15", "16_to_17"])
def test_a_child_is_read_the_same_day(age_band):
    """# S8"""
    found = advice(age_band=age_band)

    assert found.urgency in ("now", "today")
    assert "under_18" in found.needs_person


def test_an_unknown_programme_is_looked_at_by_a_person_and_offered_nothing():
    found = advice(programme="somewhere-else")

    assert found.offers == ()
    assert "unknown_programme" in found.needs_person
    assert found.urgency == "review"


def test_a_referral_without_programme_gets_the_usual_one():
    assert advice(programme=None).rule_version == PROGRAMME.rule_version


def test_unread_words_stand_before_every_case_the_rules_have_looked_through():
    """# S4"""
    assert rank("today", text_unread=True) < rank("review", text_unread=True) < rank("review", text_unread=False)
    assert rank("now", text_unread=False) < rank("today", text_unread=False) < rank("routine", text_unread=False)


@given(text=st.text(max_size=20))
def test_a_decline_always_finds_a_signpost(text):
    assert signposts_of(None, text, PROGRAMME)


LEVELS = st.sampled_from(["now", "today", "history"])
CONDITIONS = st.sampled_from([*PROGRAMME.conditions.known, *PROGRAMME.conditions.pause_rules, "never_heard_of"])


@given(
    conditions=st.lists(CONDITIONS, max_size=4).map(tuple),
    more=CONDITIONS,
    levels=st.lists(LEVELS, max_size=3),
    one_more=LEVELS,
    born=st.dates(date(2020, 1, 1), date(2026, 11, 1)),
    unread=st.booleans(),
)
def test_adding_a_flag_or_condition_never_lowers_the_urgency(conditions, more, levels, one_more, born, unread):
    """# S5"""
    facts = {"baby": Baby(kind="born", on=born), "text_unread": unread}
    signals = tuple(signal(level) for level in levels)
    before = advice(conditions=conditions, signals=signals, **facts).urgency
    extra = signal(one_more, signal_id=S2)

    assert ORDER.index(advice(conditions=(*conditions, more), signals=signals, **facts).urgency) <= ORDER.index(before)
    assert ORDER.index(advice(conditions=conditions, signals=(*signals, extra), **facts).urgency) <= ORDER.index(before)


@given(hour=st.integers(0, 23))
def test_advice_depends_on_the_day_only(hour):
    at = datetime(NOW.year, NOW.month, NOW.day, hour, tzinfo=NOW.tzinfo)

    assert recommend(Facts(heard()), RULES, now=at).data() == recommend(Facts(heard()), RULES, now=NOW).data()
