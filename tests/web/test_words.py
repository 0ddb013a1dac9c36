"""Times and words as people read them: London's clock, numbers with an owner, and no promise that nobody keeps."""

import re
from datetime import UTC, datetime

import pytest
import yaml

from deploy.local.places import CHECKOUT
from shared.access.roles import ROLES
from shared.programmes.load import BadData, crisis_numbers_from
from shared.runtime.problems import TITLES
from shared.web import moments
from shared.web.wording import crisis_numbers, wording

CRISIS = (CHECKOUT / "shared/programmes/crisis_numbers.yaml").read_text()
PROMISES = re.compile(
    r"\b(immediately|instantly|in seconds|24/7|24 hours a day|around the clock|right away)\b", re.IGNORECASE
)
SPOKEN = sorted(
    [
        *CHECKOUT.glob("shared/web/templates/*.html"), *CHECKOUT.glob("services/*/pages/*.html"),
        CHECKOUT / "shared/web/wording.yaml", CHECKOUT / "shared/programmes/crisis_numbers.yaml",
        *CHECKOUT.glob("services/safeguarding/rules/*.yaml"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "Monday 23 November 2026 at 2pm"),
        (datetime(2026, 7, 1, 8, 5, tzinfo=UTC), "Wednesday 1 July 2026 at 9:05am"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Sunday 29 March 2026 at 12:59am"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Sunday 29 March 2026 at 2am"),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), "Thursday 31 December 2026 at midday"),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), "Wednesday 1 July 2026 at midnight"),
    ],
)
def test_a_moment_is_said_by_londons_clock(moment, words):
    assert moments.moment_words(moment) == words


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        moments.moment_words(datetime(2026, 11, 23, 14, 0))  # noqa: DTZ001 - the very thing


@pytest.mark.parametrize("month", [1, 7])
def test_what_a_form_is_given_comes_back_as_the_same_moment(month):
    moment = datetime(2026, month, 3, 17, 30, tzinfo=UTC)
    assert moments.from_form(moments.form_value(moment)) == moment


@pytest.mark.parametrize("bad", ["", "soon", "2026-11-23T17:30Z", "2026-13-01T00:00"])
def test_what_is_no_local_time_is_refused(bad):
    with pytest.raises(ValueError):  # noqa: PT011 - whichever way it is wrong
        moments.from_form(bad)


def test_every_role_and_every_answer_has_words():
    assert set(wording().roles) == set(ROLES)
    for status in TITLES:
        assert wording().refusal(status).title
    assert wording().refusal(418) == wording().refusals["other"]


@pytest.mark.parametrize("file", SPOKEN, ids=lambda path: path.name)
def test_no_page_promises_how_fast_anybody_acts(file):  # S11
    assert not PROMISES.search(file.read_text())


def test_the_numbers_are_these_and_have_an_owner():  # S11
    language, text = crisis_numbers().text_in("en-GB")
    assert language == "en-GB"
    assert [one.number for one in text.numbers] == ["999", "111", "116 123"]
    assert crisis_numbers().owner
    assert crisis_numbers().source


def planted(**changes: object) -> str:
    """The shipped file with a made-up translation."""
    data = yaml.safe_load(CRISIS)
    data["languages"]["cy"] = {**data["languages"]["en-GB"], "heading": "Made-up Welsh", **changes}
    return yaml.safe_dump(data)


def test_a_translation_is_shown_once_somebody_signed_it_off():  # S14
    assert crisis_numbers_from(planted(signed_off="")).text_in("cy")[0] == "en-GB"
    language, text = crisis_numbers_from(planted(signed_off="a translator")).text_in("cy")
    assert (language, text.heading) == ("cy", "Made-up Welsh")
    assert crisis_numbers_from(CRISIS).text_in("ur")[0] == "en-GB"


@pytest.mark.parametrize(
    "text",
    [
        planted(numbers=[{"name": "Somebody else", "number": "123"}]),
        planted(numbers=[]),
        planted(numbers=[{"name": "Emergency", "number": "ring us"}]),
        CRISIS.replace("en-GB", "cy"),
        CRISIS.replace("owner", "ovner"),
    ],
    ids=["other numbers", "none", "no number", "no English", "misspelt"],
)
def test_numbers_that_do_not_hold_together_are_refused(text):
    with pytest.raises(BadData):
        crisis_numbers_from(text)
