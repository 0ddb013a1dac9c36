"""A woman asks for support herself: what she must say, what she need not, and a danger that is never lost."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from services.referral.adapters.pages import TEMPLATES
from services.referral.adapters.self_pages import self_routes
from services.referral.adapters.self_referral import SelfReferral
from services.referral.app import self_rules, terms
from shared.events.referral import ReferralReceived
from shared.web.app import dress
from shared.web.headers import PageSettings
from shared.web.pages import Pages
from tests.referral.cases import NOW
from tests.referral.world import World, nobody

FORM = "/talk/halton/form"
SAID = {"given": "Nell", "reach": "phone", "detail": "07700 900456", "safe_to_contact": "yes", "danger": "no"}
NIGHT = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture
async def visitor(intake: World) -> AsyncIterator[httpx.AsyncClient]:
    """Anybody's browser."""
    rules, pages = self_rules(), Pages(TEMPLATES, title_end="")
    intake.app.include_router(self_routes(SelfReferral(intake.intake, rules), pages, terms()))
    dress(intake.app, PageSettings())
    async with nobody(intake) as client:
        client.headers["Accept"] = "text/html"
        yield client


async def send(visitor: httpx.AsyncClient, key: str = "key-of-hers", **said: str) -> httpx.Response:
    """Send the form; what is "" is left out."""
    fields = {name: value for name, value in (SAID | said | {"key": key}).items() if value}
    return await visitor.post(FORM, data=fields)


def only(intake: World) -> tuple[ReferralReceived, dict[str, Any]]:
    """The one referral, and what the vault has of her."""
    (received,) = intake.received()
    assert received.case is not None
    (record,) = intake.vault.sealed[received.case]
    return received, record


async def test_she_needs_a_name_a_way_and_two_answers_and_nobodys_leave(intake: World, visitor: Any) -> None:  # R31
    answer = await send(visitor)
    assert (answer.status_code, answer.headers["location"]) == (303, "/talk/halton/received")
    received, record = only(intake)
    assert (received.source, received.route, received.sent_by, received.text_unread) == ("self", "form", None, False)
    assert record == {"given": "Nell", "reach": "phone", "phone": "07700 900456", "safe_to_contact": "yes"}
    assert intake.store.journal[-1].site == "halton"
    assert intake.worries() == []


@pytest.mark.parametrize("reach", ["through_midwife", "i_will_ring", "i_will_come"])
async def test_neither_telephone_nor_address_is_a_must(intake: World, visitor: Any, reach: str) -> None:  # S9
    assert (await send(visitor, reach=reach, detail="")).status_code == 303
    assert only(intake)[1]["reach"] == reach


async def test_her_words_wait_for_a_reader(intake: World, visitor: Any) -> None:  # S4
    await send(visitor, text="I cannot sleep.", stage="pregnant", baby_date="2027-02-01", heard_from="social_media")
    received, record = only(intake)
    assert (received.text_unread, received.heard_from) == (True, "social_media")
    assert received.baby is not None
    assert (received.baby.kind, received.baby.on) == ("due", date(2027, 2, 1))
    assert record["text"] == "I cannot sleep."
    assert "sleep" not in str([one.data() for one in intake.events()])


@pytest.mark.parametrize("said", ["yes", "not_sure"])
async def test_a_danger_pages_and_is_one_worry_however_often_she_sends(
    intake: World, visitor: Any, said: str
) -> None:  # S3, S6
    incomplete = await send(visitor, danger=said, given="")
    assert incomplete.status_code == 422
    assert "We have your answer about danger" in incomplete.text
    assert "999" in incomplete.text
    assert [one.level for one in intake.worries()] == ["now"]
    for _ in range(2):
        await send(visitor, danger=said, given="")
    assert len(intake.worries()) == 1
    assert (await send(visitor, danger=said)).status_code == 303
    assert len({one.signal_id for one in intake.worries()}) == 1
    assert only(intake)[0].signals[0].signal_id == intake.worries()[0].signal_id


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"given": ""}, "Enter a first name"),
        ({"reach": ""}, "Choose one way"),
        ({"detail": ""}, "Enter the telephone number"),
        ({"safe_to_contact": ""}, "safe to leave you a message"),
        ({"danger": ""}, "Say whether anyone is in danger"),
        ({"baby_date": "soon"}, "Enter the date"),
        ({"reach": "pigeon"}, "Choose one way"),
    ],
)
async def test_what_is_missing_is_asked_for_and_what_she_typed_stays(
    intake: World, visitor: Any, changed: dict[str, str], words: str
) -> None:
    answer = await send(visitor, **({"text": "I cannot sleep."} | changed))
    assert answer.status_code == 422
    assert words in answer.text
    assert "I cannot sleep." in answer.text
    assert intake.events() == []


async def test_sent_twice_it_is_one_and_changed_it_is_asked_about(intake: World, visitor: Any) -> None:
    assert [(await send(visitor)).status_code for _ in range(2)] == [303, 303]
    changed = await send(visitor, detail="07700 900789")
    assert changed.status_code == 409
    key = re.search(r'name="key" value="([^"]+)"', changed.text)
    assert key is not None
    assert len(intake.received()) == 1
    assert (await send(visitor, key=key[1], detail="07700 900789")).status_code == 303
    assert len(intake.received()) == 2


@pytest.mark.parametrize("path", ["/talk/halton", "/talk/halton/form", "/talk/halton/received"])
async def test_each_page_is_neutral_and_says_whom_to_ring_and_when_it_is_read(
    intake: World, visitor: Any, path: str
) -> None:  # S10, S11
    intake.clock.advance(NIGHT - NOW)
    answer = await visitor.get(path)
    assert answer.status_code == 200
    for words in ("999", "116 123", "Samaritans", "Exit this page", "Wednesday 25 November 2026 at 9am"):
        assert words in answer.text
    title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    assert title is not None
    assert title[1].strip() in ("Getting in touch", "Thank you")
    assert "no-store" in answer.headers["cache-control"]
    for promise in ("immediately", "in seconds", "24/7", "straight away"):
        assert promise not in answer.text


async def test_a_code_that_is_in_no_list_does_not_travel_and_refuses_nobody(intake: World, visitor: Any) -> None:
    assert (await send(visitor, heard_from="aurelia_test")).status_code == 303
    assert only(intake)[0].heard_from is None


async def test_two_women_whose_forms_lost_their_keys_are_two(intake: World, visitor: Any) -> None:
    for name in ("Nell", "Ivy"):
        assert (await send(visitor, key="", given=name)).status_code == 303
    assert len(intake.received()) == 2


async def test_a_site_nobody_runs_is_not_there(intake: World, visitor: Any) -> None:
    assert (await visitor.get("/talk/atlantis")).status_code == 404
    assert (await visitor.post("/talk/atlantis/form", data=SAID)).status_code == 404
    assert intake.events() == []


async def test_a_flood_is_asked_to_wait_with_the_numbers_to_ring(intake: World, visitor: Any) -> None:
    most = self_rules().sends_a_minute
    answers = [await send(visitor, key=f"key-{number:06}", given="") for number in range(most + 1)]
    assert [one.status_code for one in answers] == [422] * most + [429]
    assert "999" in answers[-1].text
