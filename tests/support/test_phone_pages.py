"""A remembered phone over HTTP: opened by its PIN without the issuer, for little, and shut from anywhere (S30)."""

import base64
import json
import re
from typing import Any

import httpx
import pytest

from services.support.app import build
from shared.access.caller import volunteer_of
from shared.runtime.clock import new_id
from shared.runtime.durable import durable
from shared.testing.issuer import bearer
from tests.support.cases import CASE
from tests.support.test_pages import matched  # noqa: F401 - a fixture
from tests.support.test_service import (  # noqa: F401 - fixtures
    http,
    no_keys_left,
    safeguarding,
    settings,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
HTML = {"Accept": "text/html"}
ANNA, PIN, PHONE = "anna-account", "274951", "beside-support-phone"


async def remembered(http: httpx.AsyncClient, acting: str = f"volunteer/{ANNA}") -> httpx.AsyncClient:  # noqa: F811
    """A browser of hers that holds the phone's secret and nothing else."""
    answer = await http.post("/phone", data={"pin": PIN, "again": PIN}, headers=HTML | bearer(acting))
    assert answer.status_code == 303, answer.text
    assert re.search("HttpOnly.*SameSite=strict", answer.headers["set-cookie"])
    secret = answer.cookies[PHONE]
    http.cookies.clear()
    return httpx.AsyncClient(transport=http._transport, base_url="http://support", cookies={PHONE: secret})


async def opened(phone: httpx.AsyncClient, pin: str = PIN) -> httpx.Response:
    """What the PIN leads to."""
    return await phone.post("/phone/unlock", data={"pin": pin}, headers=HTML)


async def word_of(phone: httpx.AsyncClient) -> str:
    """What forms of her pages carry."""
    found = re.search(r'name="beside-csrf" content="([^"]+)"', (await phone.get("/phone", headers=HTML)).text)
    assert found is not None
    return found[1]


async def test_the_pin_opens_her_own_people_and_a_session_is_logged_without_the_issuer(matched) -> None:  # noqa: F811
    phone = await remembered(matched)
    asked = await phone.get("/cases", headers=HTML)
    assert (asked.status_code, asked.headers["location"]) == (303, "/phone/unlock")
    assert (await opened(phone)).status_code == 303
    assert str(CASE) in (await phone.get("/cases", headers=HTML)).text
    form = {"key": "key-by-phone", "held_at": "2026-11-20T10:30", "minutes": "20", "outcome": "took_place",
            "channel": "online", "offer": "one-to-one", "csrf": await word_of(phone)}  # fmt: skip
    assert (await phone.post(f"/cases/{CASE}/sessions", data=form, headers=HTML)).status_code == 303


async def test_it_opens_nothing_that_the_table_does_not_give_a_phone(matched) -> None:  # noqa: F811
    phone = await remembered(matched, "safeguarding-lead/lead-1")
    await opened(phone)
    shut = await phone.get("/api/volunteers")
    assert (shut.status_code, shut.json()["code"]) == (401, "access.sign_in_for_this")


@pytest.mark.parametrize("pin", ["", "123456", "111111", "12345", "27495a", "987654"])
async def test_a_pin_that_anybody_would_try_first_is_none(http, pin: str) -> None:  # noqa: F811
    answer = await http.post("/phone", data={"pin": pin, "again": pin}, headers=HTML | bearer("volunteer/beth"))
    assert (answer.status_code, PHONE in answer.cookies) == (422, False)
    other = await http.post("/phone", data={"pin": PIN, "again": "000000"}, headers=HTML | bearer("volunteer/beth"))
    assert other.status_code == 422


async def test_after_five_wrong_pins_the_right_one_opens_nothing(http) -> None:  # noqa: F811
    phone = await remembered(http)
    for _ in range(5):
        assert (await opened(phone, "999999")).status_code == 403
    assert (await opened(phone)).headers["location"] == "/cases"
    assert (await phone.get("/cases", headers=HTML)).status_code != 200


async def test_a_lost_phone_is_shut_at_once_by_her_manager_or_by_herself(matched, database: Any) -> None:  # noqa: F811
    for forget in ("/volunteers/{anna}/forget-phones", "/phone/forget"):
        phone = await remembered(matched)
        await opened(phone)
        assert (await phone.get("/cases", headers=HTML)).status_code == 200
        acting = bearer("project-manager/pm-1") if "volunteers" in forget else bearer(f"volunteer/{ANNA}")
        path = forget.format(anna=volunteer_of(ANNA))
        assert (await matched.post(path, data={"which": "all"}, headers=HTML | acting)).status_code == 303
        assert (await phone.get("/api/cases")).status_code == 401
        assert (await opened(phone)).headers["location"] == "/cases"
        assert (await phone.get("/api/cases")).status_code == 401
    said = await database["commits"].count_documents({"events.type": "support.phone_forgotten.v1"})
    assert said == 2
    other = await matched.post(
        f"/volunteers/{volunteer_of(ANNA)}/forget-phones", data={}, headers=HTML | bearer("volunteer/another")
    )
    assert other.status_code == 404


async def test_a_worry_from_her_phone_says_which_phone(matched, database: Any) -> None:  # noqa: F811
    phone = await remembered(matched)
    await opened(phone)
    page = (await phone.get("/worried", headers=HTML)).text
    claims = re.search(r'data-pass="[\w-]+\.([\w-]+)\.', page)
    assert claims is not None
    said = json.loads(base64.urlsafe_b64decode(claims[1] + "=="))["device"]
    form = {"in_danger": "yes", "signal": str(new_id()), "csrf": await word_of(phone)}
    assert (await phone.post("/worried", data=form, headers=HTML)).status_code == 200
    kept = await durable(database, "devices").find_one({})
    assert kept is not None
    flagged = await database["commits"].find_one({"events.type": "support.worry_flagged.v1"})
    assert str(kept["device"]) == said == str(flagged["events"][0]["data"]["device"])


async def test_a_phone_outlives_the_process_that_remembered_it(http, settings) -> None:  # noqa: F811
    phone = await remembered(http)
    again = build(settings)
    async with again.router.lifespan_context(again):
        phone._transport = httpx.ASGITransport(again)
        assert (await opened(phone)).status_code == 303
        assert (await phone.get("/cases", headers=HTML)).status_code == 200
