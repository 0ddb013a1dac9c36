"""Ready means that a majority write was confirmed within the last seconds, and asking never takes long."""

import asyncio
import time
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.health import MajorityWrite

pytestmark = pytest.mark.slow


async def test_a_database_that_confirms_writes_is_ready_and_written_once_for_many_askers(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    ready = MajorityWrite(database)

    assert await asyncio.gather(*(ready() for _ in range(50))) == [True] * 50
    beat = await database["heartbeats"].find_one({"_id": "ready"})
    assert beat is not None
    assert beat["beats"] <= 2


async def test_a_database_that_is_away_is_not_ready_and_asking_is_quick() -> None:
    async with AsyncMongoClient[dict[str, Any]]("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=30_000) as away:
        ready = MajorityWrite(away["any"])
        started = time.monotonic()

        assert await ready() is False
        assert await ready() is False
        assert time.monotonic() - started < 2.5
