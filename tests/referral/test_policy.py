"""The small rules of intake, walked along their edges."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nhs_number.validate import calculate_checksum

from services.referral.domain.policy import (
    Findings,
    age_band_on,
    baby_of,
    nhs_number_checks,
    refused_worry,
    safe_to_contact,
    worries_in,
)
from shared.events.codes import Baby, Measure
from shared.events.ids import signal_id_from_message
from tests.referral.cases import ABUSE_AT_HOME, CHILD_AT_RISK, DATA, NONE_IDENTIFIED, NOW

TODAY = NOW.date()


def found(**fields: object) -> Findings:
    """What one message of one sender holds."""
    return Findings(organisation="RXX", message="m-1", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("born", "band"),
    [  # S8: ages 12, 13, 15, 16, 17, 18, on the birthday and the day before it
        (date(2013, 11, 25), "under_13"),
        (date(2013, 11, 24), "13_to_15"),
        (date(2010, 11, 25), "13_to_15"),
        (date(2010, 11, 24), "16_to_17"),
        (date(2008, 11, 25), "16_to_17"),
        (date(2008, 11, 24), "18_to_24"),
        (date(2001, 11, 24), "25_and_over"),
        (date(1890, 1, 1), "unknown"),
        (date(2027, 1, 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_the_age_band_changes_on_the_birthday(born: date | None, band: str) -> None:
    assert age_band_on(TODAY, born) == band


@pytest.mark.parametrize(
    ("due", "born", "baby"),
    [
        (None, [], None),
        (date(2027, 1, 1), [], Baby(kind="due", on=date(2027, 1, 1))),
        (date(2026, 1, 1), [], Baby(kind="due", on=date(2026, 1, 1))),  # S7: passed, and still no birth
        (None, [date(2024, 5, 5), date(2026, 5, 5)], Baby(kind="born", on=date(2026, 5, 5))),
        (date(2027, 1, 1), [date(2024, 5, 5)], Baby(kind="due", on=date(2027, 1, 1))),
        (date(2026, 5, 1), [date(2026, 5, 5)], Baby(kind="born", on=date(2026, 5, 5))),
    ],
)
def test_the_baby_is_the_one_on_its_way_or_the_youngest(due: date | None, born: list[date], baby: Baby | None) -> None:
    assert baby_of(due=due, born=born, day=TODAY) == baby


def test_a_flag_sent_twice_is_one_worry_with_the_messages_own_id() -> None:  # S6
    (one,) = worries_in(DATA.risk, found(flags=[CHILD_AT_RISK, f" {CHILD_AT_RISK}"]))
    assert (one.code, one.level, one.about) == (CHILD_AT_RISK, "now", "child")
    assert one.signal_id == signal_id_from_message("RXX", "m-1", CHILD_AT_RISK)


def test_no_issues_identified_is_no_worry_and_an_unknown_code_is() -> None:  # S4 S5
    assert worries_in(DATA.risk, found(flags=[NONE_IDENTIFIED])) == ()
    (unknown,) = worries_in(DATA.risk, found(flags=["99999"]))
    assert (unknown.level, unknown.about) == ("today", "unknown")


def test_codes_scores_and_age_are_all_looked_at_and_the_worst_stands_for_a_refusal() -> None:  # S4 S27
    phq = Measure(instrument="PHQ-9", version="1", items={9: 2}, taken_on=TODAY)
    worries = worries_in(
        DATA.risk,
        found(flags=[ABUSE_AT_HOME], conditions=["past_self_harm", "anxiety"], measures=[phq], age_band="16_to_17"),
    )
    assert {(one.code, one.level) for one in worries} == {
        ("PHQ-9/item-9", "now"),
        (ABUSE_AT_HOME, "today"),
        ("age/16_to_17", "today"),
        ("past_self_harm", "history"),
    }
    worst = refused_worry(worries)
    assert worst is not None
    assert worst.code == "PHQ-9/item-9"


CODES = st.lists(st.one_of(st.sampled_from(list(DATA.risk.flags)), st.text(max_size=20)), max_size=6)


@given(CODES, st.text(max_size=20))
def test_adding_a_flag_never_lowers_or_removes_a_worry(flags: list[str], more: str) -> None:  # S5
    urgency = {"history": 1, "today": 2, "now": 3}
    before = {one.code: urgency[one.level] for one in worries_in(DATA.risk, found(flags=flags))}
    after = {one.code: urgency[one.level] for one in worries_in(DATA.risk, found(flags=[*flags, more]))}
    assert all(after[code] >= level for code, level in before.items())


@pytest.mark.parametrize(
    ("said", "flags", "safe"),
    [
        ("yes", [], "yes"),
        ("not_asked", [CHILD_AT_RISK], "not_asked"),
        ("yes", [ABUSE_AT_HOME], "no"),
        ("yes", ["697950003"], "no"),
    ],
)
def test_a_flag_of_abuse_at_home_makes_contact_unsafe_whatever_was_said(said: str, flags: list[str], safe: str) -> None:
    assert safe_to_contact(DATA.risk, said=said, flags=flags) == safe  # S9


@given(st.integers(0, 9_999_999_999))
def test_the_check_digit_agrees_with_the_library(number: int) -> None:
    digits = f"{number:010d}"
    repeated = len(set(digits)) == 1
    assert nhs_number_checks(digits) == (calculate_checksum(digits[:9]) == int(digits[9]) and not repeated)


@pytest.mark.parametrize("digits", ["9999999999", "0000000000", "999012345", "99901234567", "99901234a7", "٩٩٩٠١٢٣٤٥٦"])
def test_what_is_nobodys_number_does_not_check(digits: str) -> None:
    assert not nhs_number_checks(digits)
