"""The same message many times at once, at two instances of one real database: one referral, the rest by the table."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.referral.app import build
from services.referral.settings import Settings
from shared.events.referral import ReferralReceived
from shared.runtime.clock import SystemClock
from shared.testing.issuer import access_settings
from tests.referral.bodies import WITH_FLAG, headers, message, outcome
from tests.referral.world import a_trust

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(180),
]
URL = "/FHIR/R4/$process-message"
LATER = frozenset({425, 429, 503})
"""What a sender sends again after."""


@pytest.fixture
async def instances(mongo: str, database: AsyncDatabase[Any], tmp_path: Any) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two instances of referral with one database, and no Kafka."""
    key = tmp_path / "referral.key"
    key.write_bytes(bytes(range(32)))
    access = access_settings(tmp_path, "referral")
    settings = Settings(mongo_url=mongo, database=database.name, kafka="127.0.0.1:1", key_file=key, **access)
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(2):
            app = build(settings)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
            client = httpx.AsyncClient(transport=transport, base_url="http://r", headers=a_trust(SystemClock()))
            running.append(await stack.enter_async_context(client))
        yield running
    for kept in ("keys", "audit"):
        await database.client.drop_database(f"{database.name}_{kept}")


@pytest.mark.parametrize("many", [pytest.param(100), pytest.param(1_000, marks=pytest.mark.campaign)])
async def test_one_referral_and_the_rest_as_the_table_says(
    instances: list[httpx.AsyncClient], database: AsyncDatabase[Any], many: int
) -> None:
    sent, said = message(planned=WITH_FLAG), headers()

    async def post(number: int) -> httpx.Response:
        return await instances[number % 2].post(URL, json=sent, headers=said)

    answers = await asyncio.gather(*map(post, range(many)))
    counted = Counter(one.status_code for one in answers)
    assert counted[200] == 1
    assert counted.keys() <= {200, 409} | LATER
    for one in answers:
        if one.status_code == 409:
            assert outcome(one) == (409, "REC_CONFLICT", "duplicate")
        if one.status_code == 425:
            assert outcome(one) == (425, "REC_TOO_EARLY", "duplicate")

    again = [await post(number) for number in range(2)]
    assert {outcome(one) for one in again} == {(409, "REC_CONFLICT", "duplicate")}
    received = await database["commits"].count_documents({"events.type": ReferralReceived.wire})
    signals = await database["commits"].distinct("events.data.signal_id", {"events.type": "referral.worry_flagged.v1"})
    assert (received, len(signals)) == (1, len(WITH_FLAG.flags))
