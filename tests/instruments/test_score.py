"""Scoring of every questionnaire: ranges, bands, reversed items, missing items, alerts, and no wording anywhere."""

from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.instruments.model import FILES, BadInstrument, Instrument, instrument_from, load
from shared.instruments.score import (
    BadMeasure,
    alerts,
    band_of,
    improved,
    metric_of,
    missing_items,
    score,
    scores_from_positions,
    settled_totals,
)
from shared.programmes.load import RISK_FILE, risk_levels_from
from shared.programmes.load import load as load_programmes
from tests.programmes.conftest import read as read_programme


def read(name: str) -> str:
    """The text of a shipped file."""
    return files("shared.instruments").joinpath(name).read_text(encoding="utf-8")


INSTRUMENTS: Mapping[str, Instrument] = load(read)
HADS, EPDS, CORE = INSTRUMENTS["HADS"], INSTRUMENTS["EPDS"], INSTRUMENTS["CORE-10"]


def numbers(instrument: Instrument) -> list[int]:
    """Every item number of a questionnaire."""
    return sorted(number for scale in instrument.scales for number in scale.items)


def all_at(instrument: Instrument, value: int) -> dict[int, int]:
    """Every item answered with the same score."""
    return dict.fromkeys(numbers(instrument), value)


@pytest.mark.parametrize(
    ("name", "items", "lowest", "highest"),
    [
        ("HADS", 14, {"anxiety": 0, "depression": 0}, {"anxiety": 21, "depression": 21}),
        ("PHQ-9", 9, {"total": 0}, {"total": 27}),
        ("GAD-7", 7, {"total": 0}, {"total": 21}),
        ("EPDS", 10, {"total": 0}, {"total": 30}),
        ("CORE-10", 10, {"total": 0}, {"total": 40}),
        ("WEMWBS", 14, {"total": 14}, {"total": 70}),
        ("SWEMWBS", 7, {"total": 7}, {"total": 35}),
    ],
)
def test_every_questionnaire_has_its_items_and_range(name, items, lowest, highest):
    one = INSTRUMENTS[name]
    assert numbers(one) == list(range(1, items + 1))
    assert score(one, all_at(one, one.item_scores.lowest)) == lowest
    assert score(one, all_at(one, one.item_scores.highest)) == highest


def test_odd_hads_items_are_anxiety_and_even_ones_depression():  # R42
    odd = {number: 3 if number % 2 else 0 for number in range(1, 15)}
    assert score(HADS, odd) == {"anxiety": 21, "depression": 0}


BANDS = {
    ("HADS", "anxiety"): {"normal": (0, 7), "mild": (8, 10), "clinically_significant": (11, 21)},
    ("HADS", "depression"): {"normal": (0, 7), "mild": (8, 10), "clinically_significant": (11, 21)},
    ("PHQ-9", "total"): {
        "minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "moderately_severe": (15, 19), "severe": (20, 27),
    },
    ("GAD-7", "total"): {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)},
    ("EPDS", "total"): {"unlikely": (0, 9), "possible": (10, 12), "likely": (13, 30)},
    ("CORE-10", "total"): {
        "healthy": (0, 5), "low": (6, 10), "mild": (11, 15), "moderate": (16, 20), "moderately_severe": (21, 25),
        "severe": (26, 40),
    },
}  # fmt: skip


@pytest.mark.parametrize(("scale", "bands"), BANDS.items())
def test_bands_start_and_end_where_their_source_says(scale, bands):
    for band, (first, last) in bands.items():
        assert band_of(INSTRUMENTS[scale[0]], scale[1], first) == band
        assert band_of(INSTRUMENTS[scale[0]], scale[1], last) == band


@pytest.mark.parametrize("mean", [10.53, Decimal("10.53"), 10.999])
def test_a_mean_between_two_bands_belongs_to_the_lower_one(mean):  # R42
    assert band_of(HADS, "anxiety", mean) == "mild"


@pytest.mark.parametrize("total", [22, -1, 21.01, float("nan")])
def test_a_total_outside_the_scale_is_rejected(total):  # R42
    with pytest.raises(BadMeasure, match="anxiety outside 0 to 21"):
        band_of(HADS, "anxiety", total)
    with pytest.raises(BadMeasure):
        settled_totals(HADS, items={}, totals={"anxiety": total})


def test_wellbeing_scales_have_no_bands_but_a_metric_table():
    short = INSTRUMENTS["SWEMWBS"]
    assert band_of(short, "total", 20) is None
    assert [metric_of(short, "total", raw) for raw in (7, 8, 21, 34, 35)] == [
        Decimal("7.00"), Decimal("9.51"), Decimal("19.25"), Decimal("32.55"), Decimal("35.00"),
    ]  # fmt: skip
    assert list(short.scales[0].metric) == sorted(short.scales[0].metric)
    assert metric_of(HADS, "anxiety", 3) is None


def test_one_missing_item_leaves_its_scale_without_a_total_and_the_other_with_one():
    items = {number: 1 for number in range(1, 15) if number != 13}
    assert score(HADS, items) == {"depression": 7}
    assert missing_items(HADS, items) == {"anxiety": (13,)}


@given(st.sampled_from(sorted(INSTRUMENTS)), st.data())
def test_a_total_is_never_estimated(name, data):
    one = INSTRUMENTS[name]
    answers = st.integers(one.item_scores.lowest, one.item_scores.highest)
    items = data.draw(st.dictionaries(st.sampled_from(numbers(one)), answers))
    totals = score(one, items)
    for scale in one.scales:
        assert (scale.id in totals) == (set(scale.items) <= set(items))
        assert totals.get(scale.id, 0) == (sum(items[n] for n in scale.items) if scale.id in totals else 0)


def test_a_partial_form_with_the_alert_item_above_zero_still_alerts():  # S3
    assert alerts(INSTRUMENTS["PHQ-9"], {9: 1}) == (9,)
    assert alerts(EPDS, {10: 1}) == (10,)
    assert alerts(CORE, {6: 4}) == (6,)
    assert alerts(EPDS, {10: 0, 9: 3}) == ()
    assert alerts(EPDS, {10: 7, 99: 1}) == (10,)
    assert alerts(HADS, all_at(HADS, 3)) == ()


def test_the_first_answer_of_a_reversed_item_scores_highest():
    first = dict.fromkeys(range(1, 11), 0)
    scores = scores_from_positions(EPDS, first)
    assert scores == {1: 0, 2: 0, 3: 3, 4: 0, 5: 3, 6: 3, 7: 3, 8: 3, 9: 3, 10: 3}
    assert alerts(EPDS, scores) == (10,)
    assert scores_from_positions(CORE, {2: 0, 3: 4, 6: 4}) == {2: 4, 3: 0, 6: 4}
    assert scores_from_positions(HADS, dict.fromkeys(range(1, 15), 0)) == {
        number: 3 if number in (1, 3, 5, 6, 8, 10, 11, 13) else 0 for number in range(1, 15)
    }
    assert scores_from_positions(INSTRUMENTS["WEMWBS"], {1: 0, 2: 4}) == {1: 1, 2: 5}


@pytest.mark.parametrize("items", [{1: 4}, {1: -1}, {15: 0}, {0: 1}])
def test_an_answer_the_form_does_not_have_is_rejected_without_repeating_it(items):
    with pytest.raises(BadMeasure, match=r"^HADS: ") as refused:
        score(HADS, items)
    assert "15" not in str(refused.value)


def test_totals_and_items_that_disagree_are_rejected_and_totals_alone_are_kept():
    assert settled_totals(HADS, items={}, totals={"anxiety": 14}) == {"anxiety": 14}
    assert settled_totals(HADS, items=all_at(HADS, 2), totals={"anxiety": 14}) == {"anxiety": 14, "depression": 14}
    with pytest.raises(BadMeasure, match="not the sum"):
        settled_totals(HADS, items=all_at(HADS, 2), totals={"anxiety": 13})
    with pytest.raises(BadMeasure, match="no such scale"):
        settled_totals(HADS, items={}, totals={"happiness": 1})


def test_better_is_the_direction_of_the_questionnaire():  # R142
    assert improved(HADS, 13, 10)
    assert improved(INSTRUMENTS["WEMWBS"], 40, 47)
    assert not improved(HADS, 10, 10)
    assert not improved(INSTRUMENTS["WEMWBS"], 40, 40)


def test_alert_items_are_the_same_as_in_the_risk_table():  # S5
    table = risk_levels_from(read_programme(RISK_FILE)).alert_items
    assert {one.id: set(one.alert_items) for one in INSTRUMENTS.values() if one.alert_items} == {
        name: set(items) for name, items in table.items()
    }


def test_programmes_use_the_bands_and_ranges_of_the_questionnaire():
    for programme in load_programmes(read_programme).programmes.values():
        for measure in programme.measures:
            one = INSTRUMENTS[measure.instrument]
            for scale in one.scales:
                assert one.range_of(scale)[1] == measure.max
                assert [(b.code, b.start) for b in scale.bands] == [(b.code, b.start) for b in measure.bands]


@pytest.mark.parametrize(
    ("old", "new"),
    [("from: 8", "from: 12"), ("items: [1, 3", "items: [1, 4"), ("alert_items: []", "alert_items: [15]"),
     ("better: lower", "better: sideways"), ("id: HADS", "id: [")],
)  # fmt: skip
def test_a_description_that_does_not_hold_together_is_refused(old, new):
    text = read("hads.yaml")
    assert old in text
    broken = text.replace(old, new)
    if old == "items: [1, 3":
        broken = broken.replace("reversed_items: [1, 4", "reversed_items: [1, 3")
    with pytest.raises(BadInstrument):
        instrument_from(broken)


@pytest.mark.parametrize("name", FILES)
def test_no_file_holds_more_words_than_names_and_sources(name):
    one = instrument_from(read(name))
    assert len(read(name).split("scales:")[1].split()) < 130
    assert len(one.name) < 70
