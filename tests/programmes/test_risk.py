"""Levels of risk: the table's codes, what is unknown, and that nothing added ever lowers anything."""

from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.codes import Measure
from shared.events.shapes import CODE
from shared.programmes.load import ProgrammeData
from shared.programmes.risk import (
    about_of,
    forbids_contact,
    highest,
    level_of_condition,
    level_of_danger,
    level_of_flag,
    signals_in,
)

ORDER = {None: 0, "history": 1, "today": 2, "now": 3}
FLAGS = st.lists(
    st.sampled_from(["836881000000105", "707087005", "U", "861931000000100", "made-up", "not a code"])
    | st.text(max_size=9)
)
CONDITIONS = st.lists(st.sampled_from(["anxiety", "suicidal_thoughts", "postpartum_psychosis", "past_self_harm"]))
AGES = st.sampled_from(["under_13", "13_to_15", "16_to_17", "18_to_24", "25_and_over", "unknown"])


class RawForm(NamedTuple):
    """What a form said before anything checked it."""

    instrument: str
    items: dict[int, int]


def measure(instrument: str, **items: int) -> Measure:
    """A form on which only the named items ("i9=2") were answered."""
    numbered = {int(name[1:]): score for name, score in items.items()}
    return Measure(instrument=instrument, version="1", items=numbered, taken_on=date(2026, 11, 24))


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("836881000000105", "now"),
        ("878111000000109", "now"),
        ("401206008", "now"),
        ("707087005", "today"),
        ("697950003", "today"),
        ("766561000000109", "today"),
        ("U", "today"),
        ("999999999", "today"),
        ("", "today"),
        ("anxiety", "today"),  # a flag is a flag, whatever its code
        ("suicide_plan", "now"),
        (" 836881000000105 ", "now"),
        ("861931000000100", None),
    ],
)
def test_a_flag_has_the_level_of_the_table_and_an_unknown_one_is_today(data: ProgrammeData, code, level):  # S5
    assert level_of_flag(data.risk, code) == level


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("postpartum_psychosis", "now"),
        ("suicidal_thoughts", "today"),
        ("past_self_harm", "history"),
        ("anxiety", None),
        ("somebody-elses-code", "today"),
        ("836881000000105", "now"),  # S4: sought in conditions too
        ("861931000000100", None),
    ],
)
def test_a_condition_has_the_level_of_the_table(data: ProgrammeData, code, level):  # S5
    assert level_of_condition(data.risk, code) == level


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (measure("PHQ-9", i9=0), []),
        (measure("PHQ-9", i9=1), [("PHQ-9/item-9", "today")]),
        (measure("PHQ-9", i9=2), [("PHQ-9/item-9", "now")]),
        (measure("PHQ-9", i9=3), [("PHQ-9/item-9", "now")]),
        (measure("phq9", i9=99), [("PHQ-9/item-9", "now")]),
        (RawForm("PHQ 9", {9: 5000, -3: 1, 77: -1}), [("PHQ-9/item-9", "now")]),
        (RawForm("PHQ-9", {9: -1}), []),
        (measure("EPDS", i10=1), [("EPDS/item-10", "today")]),
        (measure("EPDS", i9=3), []),
        (measure("CORE-10", i6=1), [("CORE-10/item-6", "today")]),
        (measure("HADS", i9=3), []),
    ],
)
def test_an_alert_item_above_zero_is_a_worry_even_on_a_partial_form(data: ProgrammeData, form, found):  # S3, S5
    assert signals_in(data.risk, measures=[form]) == found


@pytest.mark.parametrize(
    ("age_band", "level"),
    [("under_13", "now"), ("13_to_15", "today"), ("16_to_17", "today"), ("18_to_24", None), ("unknown", None)],
)
def test_a_child_referred_is_read_the_same_day_and_below_thirteen_pages(data: ProgrammeData, age_band, level):  # S8
    assert [found for _, found in signals_in(data.risk, age_band=age_band)] == ([level] if level else [])


def test_yes_and_not_sure_are_now_and_no_is_today(data: ProgrammeData):  # S19
    assert [level_of_danger(data.risk, answer) for answer in ("yes", "not_sure", "no")] == ["now", "now", "today"]


def test_the_same_code_twice_is_one_worry_and_the_most_urgent_comes_first(data: ProgrammeData):  # S6
    found = signals_in(data.risk, flags=["707087005", "836881000000105", "707087005"])
    assert found == [("836881000000105", "now"), ("707087005", "today")]


def test_a_code_sent_twice_with_two_levels_keeps_the_higher_one(data: ProgrammeData):  # S5
    assert signals_in(data.risk, flags=["anxiety"], conditions=["anxiety"]) == [("anxiety", "today")]
    assert signals_in(data.risk, flags=["past_self_harm"], conditions=["past_self_harm"]) == [
        ("past_self_harm", "today")
    ]


def test_a_flag_written_as_a_sentence_still_counts_and_its_words_do_not_travel(data: ProgrammeData):  # S4
    assert signals_in(data.risk, flags=["she is afraid of him"]) == [("unspecified", "today")]


@given(FLAGS, st.text(max_size=20) | st.sampled_from(["836881000000105", "U"]), CONDITIONS, AGES)
def test_adding_a_flag_never_lowers_or_removes(data: ProgrammeData, flags, more, conditions, age_band):  # S5
    before = dict(signals_in(data.risk, flags=flags, conditions=conditions, age_band=age_band))
    after = dict(signals_in(data.risk, flags=[*flags, more], conditions=conditions, age_band=age_band))
    assert all(ORDER[after[code]] >= ORDER[level] for code, level in before.items())
    assert ORDER[highest(after.values())] >= ORDER[highest(before.values())]
    assert all(CODE.match(code) for code in after)


def test_abuse_flags_forbid_contact(data: ProgrammeData):  # S9
    assert forbids_contact(data.risk, ["707087005"])
    assert forbids_contact(data.risk, ["U", "697950003"])
    assert not forbids_contact(data.risk, ["836881000000105"])


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("878111000000109", "unborn"),
        ("836881000000105", "child"),
        ("who-knows", "unknown"),
        ("suicidal_thoughts", "adult"),
        ("estrangement_from_baby", "child"),
        ("PHQ-9/item-9", "adult"),
        ("age/13_to_15", "child"),
        ("unspecified", "unknown"),
    ],
)
def test_a_code_says_who_it_is_about_where_it_can(data: ProgrammeData, code, about):  # S22
    assert about_of(data.risk, code) == about
