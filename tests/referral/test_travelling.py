"""What a sender calls a code: known ones travel, all others are kept for a reader and raise what they must."""

from datetime import date
from functools import cache, partial
from importlib import resources
from typing import Any

import pytest

from services.referral.domain.travelling import Travelling, travelling
from shared.events.codes import Measure
from shared.instruments.model import load as load_instruments
from shared.programmes.load import load

NAME = "Quillfeather-Test"
DAY = date(2026, 11, 24)


@cache
def _data() -> Any:
    return load(lambda name: resources.files("shared.programmes").joinpath(name).read_text("utf-8"))


@cache
def _instruments() -> Any:
    return load_instruments(lambda name: resources.files("shared.instruments").joinpath(name).read_text("utf-8"))


def sorted_out(**sent: Any) -> Travelling:
    """What becomes of `sent`, the rest empty."""
    return travelling(_data(), _instruments(), **{"conditions": (), "measures": (), **sent})


hads = partial(Measure, instrument="HADS", version="1", taken_on=DAY)


def test_known_codes_travel_once_and_in_order() -> None:
    found = sorted_out(conditions=("panic", "anxiety", "panic"), preferences=("online", "group"))

    assert (found.conditions, found.preferences, found.unknown) == (("panic", "anxiety"), ("online", "group"), {})


@pytest.mark.parametrize("code", [NAME, "9990704848", "made_up"])
def test_a_code_nobody_knows_stays_behind_and_is_kept(code: str) -> None:
    found = sorted_out(conditions=("anxiety", code), preferences=(code,))

    assert (found.conditions, found.preferences) == (("anxiety",), ())
    assert found.unknown == {"conditions": [code], "preferences": [code]}


@pytest.mark.parametrize(
    "measure",
    [
        hads(instrument=NAME, totals={"anxiety": 9}),
        hads(version=NAME, totals={"anxiety": 9}),
        hads(totals={NAME: 9}),
    ],
)
def test_a_questionnaire_that_is_not_ours_stays_behind_whole(measure: Measure) -> None:
    found = sorted_out(measures=(measure, hads(totals={"anxiety": 9})))

    assert found.measures == (hads(totals={"anxiety": 9}),)
    assert found.unknown == {"measures": [measure.model_dump(mode="json")]}
