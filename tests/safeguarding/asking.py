"""What tests ask of a running safeguarding, and what they look for."""

from datetime import UTC, datetime
from uuid import uuid5

import orjson

from shared.access.service_keys import for_service
from shared.events.cloudevents import to_headers
from shared.events.ids import BESIDE, event_id
from shared.events.recorded import Recorded
from shared.events.support import SupportWorryFlagged
from shared.runtime.clock import SystemClock
from shared.testing.access import signer

CASE = uuid5(BESIDE, "safeguarding-test/case")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def key(name="first"):
    return {"Idempotency-Key": f"test-key-{name}"}


def worry(number=1, **changes):
    return {
        "signal_id": str(uuid5(BESIDE, f"signal/{number}")),
        "case": str(CASE),
        "in_danger": "yes",
        "about": "child",
        **changes,
    }


def pushed(number=1, site="newham", **changes):
    """What another service pushes for the same worry."""
    signal = SupportWorryFlagged(
        case=CASE,
        occurred_at=NOW,
        signal_id=uuid5(BESIDE, f"signal/{number}"),
        about="child",
        code="in_danger/yes",
        level="now",
        observed_at=NOW,
    )
    stream = f"case/{CASE}"
    event = Recorded(
        signal,
        event_id(0, "support", stream, 1),
        "support",
        stream,
        1,
        NOW,
        "nct",
        site,
        CASE,
        0,
        f"{stream}/0000000001",
    )
    headers = {name: value.decode() for name, value in to_headers(event)} | changes
    return orjson.dumps({"headers": headers, "data": signal.data()})


async def listed(world, *, closed=False):
    answer = await world.http.get("/api/concerns", params={"closed": closed})
    return answer.json()["concerns"]


async def sent(channel, wanted=1):
    return len(channel.pages) >= wanted


async def both(world):
    return world.mail.pages and world.webhook.pages


async def count(world, wanted):
    found = await listed(world)
    return found if len(found) == wanted else None


async def with_pages(world, wanted):
    found = await listed(world)
    return found if found and len(found[0]["pages"]) >= wanted else None


async def shows(world, receipt, status):
    answer = await world.http.get(f"/api/concerns/{receipt}")
    return answer.json() if answer.status_code == 200 and answer.json()["status"] == status else None


def as_support():
    """The header of a call that support makes for itself."""
    return {"Authorization": for_service(signer("support", SystemClock()), "safeguarding")}


async def push(world, body):
    return await world.http.post("/api/signals", content=body, headers=as_support())


async def hold(world):
    answer = await world.http.get("/api/hold", params={"case": str(CASE)}, headers=as_support())
    return answer.json()["hold"]
