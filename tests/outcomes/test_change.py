"""The pilot's HADS table from exact integers, pairs by the rules, and nothing where too few answered."""

from fractions import Fraction

import pytest

from services.outcomes.domain.change import change, pairs
from services.outcomes.domain.numbers import p_text, percent, two_decimals
from services.outcomes.domain.reading import people
from services.outcomes.domain.scoring import band_of_mean
from tests.outcomes.world import INSTRUMENTS, attendance, cases, measured, referral

HADS = INSTRUMENTS["HADS"]
N, LOWER, HIGHER = 103, 69, 14


def dataset(before: int, after: int) -> list[tuple[int, int]]:
    """103 whole scores before and after with these totals: 69 lower, 20 equal, 14 higher by one."""
    base, more = divmod(before, N)
    befores = [base + (index < more) for index in range(N)]
    drop, extra = divmod(before - after + HIGHER, LOWER)
    falls = [drop + (index < extra) for index in range(LOWER)] + [0] * (N - LOWER - HIGHER) + [-1] * HIGHER
    return [(score, score - fall) for score, fall in zip(befores, falls, strict=True)]


ANXIETY, DEPRESSION = dataset(1346, 1085), dataset(906, 648)


@pytest.mark.parametrize(
    ("scores", "scale", "means", "bands"),
    [
        (ANXIETY, "anxiety", (13.07, 10.53, -2.53), ("clinically_significant", "mild")),  # R110, R112
        (DEPRESSION, "depression", (8.80, 6.29, -2.50), ("mild", "normal")),  # R111, R112
    ],
)
def test_the_pilots_means_and_bands(scores, scale, means, bands):
    assert all(0 <= score <= 21 for pair in scores for score in pair)
    found = change(scores, fewest=8)
    assert found is not None
    assert tuple(map(two_decimals, (found.before, found.after, found.difference))) == means
    assert (band_of_mean(HADS, scale, found.before), band_of_mean(HADS, scale, found.after)) == bands


def test_two_thirds_were_lower_and_equal_is_not_lower():  # R113
    found = change(ANXIETY, fewest=8)
    assert found is not None
    assert (found.lower, found.equal, found.higher) == (69, 20, 14)
    assert found.share(found.lower) == 67


def test_fewer_than_eight_pairs_give_nothing():
    assert change(ANXIETY[:7], fewest=8) is None
    assert change(ANXIETY[:8], fewest=8) is not None
    assert change([], fewest=0) is None


def test_a_person_is_paired_by_her_latest_baseline_before_support_and_latest_follow_up():
    events = [
        referral(1, totals={"anxiety": 15}),
        measured(1, {"anxiety": 14}, day=8, stage="baseline", version=2),
        measured(1, {"anxiety": 20}, day=11, stage="baseline", version=3),  # after the first session: no baseline
        attendance(1, day=10),
        measured(1, {"anxiety": 3}, day=20, stage="during", version=6),
        measured(1, {"anxiety": 9}, day=60, version=7),
        measured(1, {"anxiety": 7}, day=90, version=8),
    ]
    assert _pairs(events) == [(14, 7)]
    assert _pairs(events, scale="depression") == []
    assert _pairs(events, instrument="EPDS") == []


def test_items_are_scored_where_no_total_came():
    whole = dict.fromkeys(range(1, 15), 2)
    partial = {number: 2 for number in whole if number != 3}
    later = [attendance(1), measured(1, {"anxiety": 7, "depression": 6}, day=90)]
    assert _pairs([referral(1, items=whole), *later]) == [(14, 7)]
    assert _pairs([referral(1, items=partial), *later]) == []
    assert _pairs([referral(1, items=partial), *later], scale="depression") == [(14, 6)]
    assert _pairs([referral(1, items={1: 9}), *later]) == []


@pytest.mark.parametrize("missing", ["referral", "attendance", "follow_up"])
def test_no_pair_without_support_and_both_questionnaires(missing):
    events = {
        "referral": referral(1, totals={"anxiety": 15}),
        "attendance": attendance(1),
        "follow_up": measured(1, {"anxiety": 7}, day=90),
    }
    assert _pairs(list(events.values())) == [(15, 7)]
    del events[missing]
    assert _pairs(list(events.values())) == []


@pytest.mark.parametrize(
    ("value", "printed"), [(Fraction(-2505, 1000), -2.51), (Fraction(5, 1000), 0.01), (2.675, 2.68), (-0.004, 0.0)]
)
def test_halves_round_away_from_zero(value, printed):
    assert two_decimals(value) == printed


@pytest.mark.parametrize(("n", "of", "shown"), [(182, 260, 70), (103, 182, 57), (1, 200, 1), (0, 5, 0), (1, 0, None)])
def test_percentages_are_whole_and_halves_go_up(n, of, shown):
    assert percent(n, of) == shown


@pytest.mark.parametrize(
    ("p", "printed"), [(0.0, "p<0.0001"), (1e-12, "p<0.0001"), (0.0001, "p=0.0001"), (0.0123, "p=0.0123")]
)
def test_p_is_never_printed_as_zero(p, printed):  # R110
    assert p_text(p) == printed


def _pairs(events, *, instrument="HADS", scale="anxiety"):
    return pairs(people(cases(events)), instrument=instrument, scale=scale)
