"""A card is read from whatever its sender has: what is not there stays empty, and nothing makes a number safe."""

from datetime import date

import pytest

from services.safeguarding.domain.card import Card, Number, card_from, dialled, rules_from
from tests.safeguarding.world import shipped

RULES = rules_from(shipped("card.yaml"))
WHOLE = {
    "given": "Made-up",
    "family": "Mary",
    "phone": "07700 900123",
    "safe_to_contact": "yes",
    "birth_date": "1994-05-06",
    "baby": {"due": "2027-01-02"},
    "address": ["1 Example Street", "Exampleton"],
    "postcode": "CV1 1AA",
    "language": ["en", "pl"],
    "referrer": [{"name": "Midwife Made-up", "phone": "01632 960 111"}, {"name": "No number"}],
}


def test_a_whole_card():
    assert card_from(WHOLE) == Card(
        name="Made-up Mary",
        phone="07700 900123",
        safe="yes",
        birth_date=date(1994, 5, 6),
        due=date(2027, 1, 2),
        address=("1 Example Street", "Exampleton", "CV1 1AA"),
        language="en, pl",
        referrers=(Number(name="Midwife Made-up", number="01632 960 111"),),
    )


@pytest.mark.parametrize(
    "record",
    [{}, {"given": 7, "baby": [], "address": {"a": 1}, "referrer": "x", "phone": None, "birth_date": "soon"},
     {"baby": {"due": "never"}, "language": None, "referrer": [3]}],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(record):
    assert card_from(record) == Card()


@pytest.mark.parametrize(
    ("said", "shown"), [("no", "no"), ("not_asked", "not_asked"), ("YES", "not_asked"), (True, "not_asked")]
)
def test_a_number_is_safe_only_where_she_said_so(said, shown):  # S9
    assert card_from({"safe_to_contact": said}).safe == shown
    assert shown in RULES.safe_to_contact


@pytest.mark.parametrize(
    ("number", "tel"),
    [("07700 900123", "07700900123"), ("+44 7700 900123", "+447700900123"), ("ring the ward", ""), ("", "")],
)
def test_a_number_is_dialled_without_what_people_write_in_it(number, tel):
    assert dialled(number) == tel


def test_every_site_of_the_platform_has_a_number_that_stands_in_for_a_card():
    for site in ("coventry-warwickshire", "halton", "newham"):
        assert RULES.numbers(site, None)
    assert len(RULES.numbers("newham", "RXX")) == 2
    assert RULES.numbers("nowhere", "nobody") == ()


def test_pauses_grow_and_stay_below_what_a_page_may_wait():  # S21: 30 seconds
    pauses = [RULES.fetching.retry_after(attempt) for attempt in range(1, 40)]
    assert pauses == sorted(pauses)
    assert pauses[-1] < 30
