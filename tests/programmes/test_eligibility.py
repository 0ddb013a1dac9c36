"""Who a programme is for: the edges of age and due date, and the states in which nothing is declined."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.codes import Baby
from shared.programmes.eligibility import Stage, age_in_months, assess, stage_on
from shared.programmes.load import ProgrammeData

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("born", "answer"),
    [
        (date(2024, 11, 24), "no"),  # exactly two years
        (date(2024, 11, 25), "yes"),  # one year and 364 days
        (date(2024, 11, 23), "no"),
        (TODAY, "yes"),
    ],
)
def test_a_child_of_exactly_two_years_is_out_and_a_day_younger_is_in(data: ProgrammeData, born, answer):  # R1
    baby = Baby(kind="born", on=born)
    assert assess(data.programmes["parents-in-mind"], baby=baby, day=TODAY).answer == answer


def test_the_same_child_fits_one_programme_and_not_the_other_of_the_same_town(data: ProgrammeData):  # R7
    baby = Baby(kind="born", on=date(2025, 11, 24))
    assert assess(data.programmes["mums-in-mind"], baby=baby, day=TODAY).answer == "no"
    assert assess(data.programmes["mums-in-mind"], baby=baby, day=TODAY - timedelta(days=1)).answer == "yes"
    assert assess(data.programmes["parents-in-mind"], baby=baby, day=TODAY).answer == "yes"


@pytest.mark.parametrize(
    ("days", "answer", "reason"),
    [
        (200, "yes", "pregnant"),
        (0, "yes", "pregnant"),
        (-21, "yes", "pregnant"),
        (-22, "unclear", "due_date_passed"),
        (294, "yes", "pregnant"),
        (295, "unclear", "due_date_implausible"),
    ],
)
def test_a_due_date_never_implies_a_birth_and_never_declines(data: ProgrammeData, days, answer, reason):  # S7
    baby = Baby(kind="due", on=TODAY + timedelta(days=days))
    found = assess(data.programmes["parents-in-mind"], baby=baby, day=TODAY)
    assert (found.answer, found.reasons) == (answer, (reason,))


@pytest.mark.parametrize("loss", ["pregnancy_loss", "baby_died", "baby_living_elsewhere"])
@pytest.mark.parametrize("baby", [None, Baby(kind="born", on=date(2020, 1, 1)), Baby(kind="due", on=TODAY)])
def test_loss_or_removal_is_never_a_decline(data: ProgrammeData, loss, baby):  # S7
    for programme in data.programmes.values():
        assert assess(programme, baby=baby, conditions=(loss,), day=TODAY).answer == "unclear"


def test_nothing_known_is_unclear_not_a_decline(data: ProgrammeData):
    found = assess(data.programmes["parents-in-mind"], baby=None, day=TODAY)
    assert (found.answer, found.reasons) == ("unclear", ("stage_missing",))


def test_a_birth_in_the_future_is_unclear(data: ProgrammeData):
    baby = Baby(kind="born", on=TODAY + timedelta(days=1))
    assert assess(data.programmes["parents-in-mind"], baby=baby, day=TODAY).reasons == ("birth_date_in_future",)


def test_needs_nobody_stated_are_asked_for_and_needs_stated_open_the_door(data: ProgrammeData):  # R4
    programme, baby = data.programmes["birth-and-beyond"], Baby(kind="due", on=TODAY)
    assert assess(programme, baby=baby, day=TODAY).answer == "unclear"
    assert assess(programme, baby=baby, conditions=("isolated",), day=TODAY).answer == "yes"


def test_a_child_born_on_a_leap_day_turns_two_on_the_first_of_march():
    born = date(2024, 2, 29)
    assert age_in_months(born, date(2026, 2, 28)) == 23
    assert age_in_months(born, date(2026, 3, 1)) == 24


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 3000))
def test_age_grows_by_at_most_one_month_a_day(born, days):
    day = born + timedelta(days=days)
    before, after = age_in_months(born, day), age_in_months(born, day + timedelta(days=1))
    assert before <= after <= before + 1
    assert before >= 0


def test_the_stage_is_the_same_question_on_any_date():  # R4a
    baby = Baby(kind="due", on=TODAY)
    assert stage_on(baby, TODAY - timedelta(days=100)) == Stage("pregnant", days_to_due=100)
    assert stage_on(baby, TODAY + timedelta(days=100)) == Stage("pregnant", days_to_due=-100)
    assert stage_on(Baby(kind="born", on=TODAY), date(2027, 1, 24)) == Stage("child", age_months=2)
