"""The paired t test against published figures, in a process of its own."""

import sys

import pytest

from services.outcomes.adapters.statistics import Statistics
from services.outcomes.adapters.statistics_worker import paired
from services.outcomes.domain.numbers import p_text
from tests.outcomes.test_change import ANXIETY, DEPRESSION

pytestmark = pytest.mark.slow

# Student's sleep data (1908), hours times ten: t = -4.0621, 9 degrees of freedom, p = 0.002833, 95% CI 0.70 to 2.46,
# as R's documentation of t.test prints them.
SLEEP = [12, 24, 13, 13, 0, 10, 18, 8, 46, 14]


async def test_the_worker_gives_the_published_result_and_leaves_scipy_outside():
    tested = await Statistics().paired(SLEEP)
    assert tested["p"] == pytest.approx(0.002833, abs=1e-6)
    assert tested["low"] == pytest.approx(7.001142, abs=1e-5)
    assert tested["high"] == pytest.approx(24.598858, abs=1e-5)
    assert "scipy" not in sys.modules


async def test_the_same_differences_are_asked_once():
    statistics = Statistics()
    assert await statistics.paired(SLEEP) is await statistics.paired(SLEEP[::-1])


@pytest.mark.parametrize("scores", [ANXIETY, DEPRESSION])
async def test_the_pilots_p_is_below_one_in_ten_thousand(scores):  # R110, R111
    tested = await Statistics().paired([after - before for before, after in scores])
    assert p_text(tested["p"] or 0.0) == "p<0.0001"
    assert tested["low"] < -2.5 < tested["high"] < 0


def test_equal_differences_have_no_p():
    assert paired([-2, -2, -2]) == {"low": -2.0, "high": -2.0, "p": None}
