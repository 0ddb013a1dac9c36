"""A worry from a remembered phone that was lost counts like any other, and the lead sees that it was lost (S30)."""

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid5

import httpx
import orjson
import pytest

from services.safeguarding.adapters.kafka import noting_handler
from shared.access.caller import Caller
from shared.access.worry_pass import HEADER, worry_pass
from shared.events.ids import BESIDE, event_id
from shared.events.recorded import Recorded
from shared.events.support import PhoneForgotten
from shared.runtime.clock import SystemClock
from shared.testing.access import signer
from tests.safeguarding.asking import NOW, both, key, listed, push, pushed, shows, worry
from tests.safeguarding.polling import until

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PHONE = uuid5(BESIDE, "safeguarding-test/phone")


async def raised(world, *, device: UUID | None = PHONE) -> str:
    """Anna's worry from a page that is open on her phone; returns the receipt."""
    caller = Caller("person", "anna", "volunteer", "session", ("volunteer",), "nct", ("newham",), device=device)
    said = {HEADER: worry_pass(signer("support", SystemClock()), caller, life=timedelta(days=1))}
    async with httpx.AsyncClient(transport=world.http._transport, base_url="http://t") as phone:
        answer = await phone.post("/api/concerns", json=worry(), headers=key() | said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["receipt"])


async def lost(world) -> None:
    """Support says that the phone was forgotten, twice."""
    stream, correlation = f"phone/{PHONE}", uuid5(BESIDE, "lost")
    event = PhoneForgotten(occurred_at=NOW, device=PHONE, by="project-manager/pm-1")
    name = event_id(0, "support", stream, 1)
    heard = Recorded(event, name, "support", stream, 1, NOW, "nct", "newham", correlation, 0, f"{stream}/0000000001")
    assert await noting_handler(world.service.heard)([heard, heard]) == [None, None]


async def page_of(world, receipt: str) -> str:
    """What the lead reads about one concern."""
    return str((await world.http.get(f"/concerns/{receipt}", headers={"Accept": "text/html"})).text)


@pytest.mark.parametrize("order", ["lost first", "worried first"])
async def test_a_worry_from_a_lost_phone_pages_and_is_shown_as_such(world, order):  # S3, S30
    if order == "lost first":
        await lost(world)
    receipt = await raised(world)
    await until(lambda: both(world))
    shown = await until(partial(shows, world, receipt, "paged"))
    if order == "worried first":
        assert shown["phone_lost_at"] is None
        assert "reported lost" not in await page_of(world, receipt)
        await lost(world)
        shown = await until(partial(shows, world, receipt, "paged"))
    assert shown["phone_lost_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert str(PHONE) not in str(shown), "a phone's id is of no use to a lead"
    assert "reported lost" in await page_of(world, receipt)
    assert "phone reported lost" in (await world.http.get("/concerns", headers={"Accept": "text/html"})).text


async def test_a_worry_from_another_phone_or_none_is_not(world):
    await lost(world)
    receipt = await raised(world, device=uuid5(BESIDE, "another phone"))
    shown = await until(partial(shows, world, receipt, "paged"))
    assert shown["phone_lost_at"] is None


async def test_a_worry_that_support_passes_on_says_its_phone_too(world):
    body = orjson.loads(pushed())
    body["data"]["device"] = str(PHONE)
    await lost(world)
    assert (await push(world, orjson.dumps(body))).status_code == 202
    await until(lambda: both(world))
    (found,) = await until(lambda: listed(world))
    assert found["phone_lost_at"] is not None
