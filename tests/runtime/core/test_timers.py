"""Deadlines on a real MongoDB: they fire once, late rather than never, and a lost one is put back and counted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.runtime.cache import Known
from shared.runtime.clock import SystemClock
from shared.runtime.executor import Executor
from shared.runtime.mongo import MongoStore
from shared.runtime.sweep import Sweep
from shared.runtime.tail import Follower
from shared.runtime.timers import SKEW, Timers
from shared.testing.clock import HandClock
from shared.testing.running import running
from tests.runtime.core.shop import DECIDERS, HOLD, NOW, hold, named, open_case, register
from tests.runtime.core.world import Database, service, until

V = f"volunteer/{named('v')}"


class Shop:
    """A service with timers, stepped by hand."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.database, self.clock = database, clock
        self.executor = Executor("support", DECIDERS, MongoStore(database), clock, after_commit=self._told)
        self.timers = Timers(database, self.executor, clock)
        self.sweep = Sweep(database, self.executor, self.timers, clock)
        self.remembers = True

    def _told(self, settled: Any) -> None:
        if self.remembers:
            self.timers.remember(settled)

    async def row(self, stream: str = V) -> dict[str, Any] | None:
        """The stream's row, without the guard against a hot loop."""
        return await self.database["timers"].find_one({"_id": stream})

    async def held(self) -> int:
        """Places that are held."""
        return len((await self.executor.state(V))[0].held)


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    made = Shop(database, HandClock(NOW))
    await MongoStore(database).ensure_indexes()
    await made.timers.ensure_indexes()
    async with running(made.executor):
        yield made


async def test_held_place_falls_free_when_its_time_has_come(shop: Shop):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    await shop.timers.flush()
    assert (await shop.row() or {})["due_at"] == NOW + HOLD
    assert await shop.timers.wake_due() == 0
    shop.clock.advance(HOLD)
    assert await shop.timers.wake_due() == 1
    assert await shop.held() == 0
    assert await shop.row() is None


async def test_next_deadline_takes_the_place_of_the_one_that_fired(shop: Shop):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    shop.clock.advance(timedelta(minutes=5))
    await shop.executor.submit(hold("v", "b"))
    shop.clock.advance(timedelta(minutes=5))
    await shop.timers.flush()
    assert await shop.timers.wake_due() == 1
    assert (await shop.row() or {})["due_at"] == NOW + timedelta(minutes=15)
    assert await shop.held() == 1


async def test_two_instances_fire_one_deadline_once(shop: Shop, database: Database):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    await shop.timers.flush()
    shop.clock.advance(HOLD)
    async with service(database, shop.clock) as other:
        await asyncio.gather(shop.timers.wake_due(), Timers(database, other, shop.clock).wake_due())
    assert (await shop.executor.state(V))[1] == 3
    assert await shop.row() is None


async def test_deadline_nobody_needs_any_more_is_deleted(shop: Shop, database: Database):
    await shop.executor.submit(register("v"))
    await database["timers"].insert_one({"_id": V, "version": 1, "due_at": NOW, "wake_at": NOW})
    assert await shop.timers.wake_due() == 1
    assert await shop.row() is None
    assert (await shop.executor.state(V))[1] == 1


async def test_slow_clock_cannot_miss_a_deadline(shop: Shop, database: Database):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    early = {"_id": V, "version": 2, "due_at": NOW + HOLD, "wake_at": NOW - HOLD}
    await database["timers"].replace_one({"_id": V}, early, upsert=True)
    await shop.timers.wake_due()
    assert await shop.held() == 0


async def test_older_state_never_replaces_a_newer_row(shop: Shop):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    await shop.timers.flush()
    state, version = await shop.executor.state(V)
    await shop.timers.write({V: Known(_due_at(state, NOW), version - 1, NOW, None)})
    assert (await shop.row() or {})["due_at"] == NOW + HOLD


def _due_at(state: Any, moment: datetime) -> Any:
    return type(state)(cap=state.cap, held=dict.fromkeys(state.held, moment), me=state.me)


async def test_wake_up_that_fails_is_put_off_and_holds_up_nobody(shop: Shop, database: Database):
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    await shop.timers.flush()
    known = {"stream": V, "events.type": "support.volunteer_changed.v1"}
    await database["commits"].update_one(known, {"$set": {"events.$.type": "support.volunteer_promoted.v9"}})
    later = HandClock(NOW + HOLD)
    async with service(database, later) as fresh:
        timers = Timers(database, fresh, later)
        assert await timers.wake_due() == 1
        assert await timers.wake_due() == 0
        row = await shop.row() or {}
        assert row["due_at"] < row["wake_at"]


async def test_tail_writes_the_row_that_the_executor_did_not(shop: Shop, database: Database):
    shop.remembers = False
    await shop.executor.submit_all([register("v"), hold("v", "a"), open_case("c")])
    assert await shop.row() is None
    async with running(Follower("local", database, shop.timers)):
        await until(shop.row)
    assert await database["timers"].count_documents({}) == 1


async def test_sweep_puts_back_a_lost_deadline_and_counts_it(shop: Shop, database: Database):
    await shop.executor.submit_all([register("v"), hold("v", "a"), register("w")])
    await shop.timers.flush()
    shop.clock.advance(timedelta(minutes=1))
    assert await shop.sweep.sweep() == 0
    await database["timers"].delete_many({})
    assert await shop.sweep.sweep() == 1
    assert shop.sweep.repairs == 1
    assert (await shop.row() or {})["due_at"] == NOW + HOLD
    assert await shop.sweep.sweep() == 0


async def test_sweep_leaves_streams_alone_whose_row_may_be_on_its_way(shop: Shop):
    shop.remembers = False
    await shop.executor.submit_all([register("v"), hold("v", "a")])
    assert await shop.sweep.sweep() == 0


async def test_part_fires_by_itself(database: Database):
    clock = HandClock(NOW)
    shop = Shop(database, clock)
    await MongoStore(database).ensure_indexes()
    async with running(shop.executor, shop.timers):
        await shop.executor.submit_all([register("v"), hold("v", "a")])
        clock.advance(HOLD)

        async def free() -> bool:
            return await shop.held() == 0

        await until(free)


async def test_clock_skew_is_measured(database: Database):
    shop = Shop(database, HandClock(SystemClock().now() + timedelta(seconds=30)))
    async with running(shop.timers):

        async def seen() -> bool:
            return 25.0 < float(SKEW._value.get()) < 35.0

        await until(seen)
