"""The tail on a real MongoDB: at least once, in order per stream, from a saved place, also when its token is lost."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure

from shared.runtime.changes import JournalEnded
from shared.runtime.clock import SystemClock
from shared.runtime.ending import end
from shared.runtime.lease import Lease
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.scan import Place, pages
from shared.runtime.tail import Follower
from shared.testing.running import running, stop
from tests.runtime.core.shop import hold, named, open_case, register
from tests.runtime.core.world import Database, Heard, service, until


async def test_what_was_there_before_and_what_comes_after_is_heard(database: Database):
    heard = Heard()
    async with service(database) as executor:
        await executor.submit_all([open_case(f"before {n}") for n in range(5)])
        async with running(Follower("local", database, heard)):
            await until(lambda: heard.has(5))
            await executor.submit_all([open_case(f"after {n}") for n in range(5)])
            await until(lambda: heard.has(10))
    assert set(heard.ids) == {document["_id"] for document in await database["commits"].find().to_list()}


async def test_order_within_a_stream_is_kept(database: Database):
    heard = Heard()
    async with service(database) as executor, running(Follower("local", database, heard)):
        await executor.submit(register("v", cap=40))
        await asyncio.gather(*(executor.submit(hold("v", f"c{n}")) for n in range(40)))
        await until(lambda: _ended(heard, 41))
    versions = list(dict.fromkeys(event.version for event in heard.events))
    assert versions == sorted(versions)


async def _ended(heard: Heard, version: int) -> bool:
    return bool(heard.events) and heard.events[-1].version == version


async def test_follower_goes_on_from_its_token(database: Database):
    async with service(database) as executor:
        first = Heard()
        async with running(Follower("local", database, first)):
            await executor.submit(open_case("a"))
            await until(lambda: first.has(1))
            await until(lambda: _saved(database, "token"))
        await executor.submit(open_case("b"))
        second = Heard()
        async with running(Follower("local", database, second)):
            await until(lambda: second.has(1))
    assert [commit.stream for commit in second.commits] == [f"case/{named('b')}"]


async def _saved(database: Database, field: str) -> bool:
    return field in (await database["positions"].find_one({"_id": "local"}) or {})


async def test_failed_batch_comes_again(database: Database):
    heard = Heard()
    heard.failing = RuntimeError("not now")
    async with service(database) as executor:
        await executor.submit(open_case("a"))
        with pytest.raises(RuntimeError):
            await Follower("local", database, heard).run()
        heard.failing = None
        async with running(Follower("local", database, heard)):
            await until(lambda: heard.has(1))


async def test_lost_token_is_made_up_for_by_a_scan(database: Database):
    heard = Heard()
    async with service(database, SystemClock()) as executor:
        await executor.submit_all([open_case(f"before {n}") for n in range(3)])
        async with running(Follower("local", database, heard)):
            await until(lambda: heard.has(3))
            await executor.submit(open_case("one more"))
            await until(lambda: _saved(database, "token"))
        await executor.submit_all([open_case(f"unseen {n}") for n in range(3)])
        token = {"_data": "82" + "00" * 8}
        await database["positions"].update_one({"_id": "local"}, {"$set": {"token": token}})
        later = Heard()
        async with running(Follower("local", database, later)):
            await until(lambda: later.has(7))
            await executor.submit(open_case("after"))
            await until(lambda: later.has(8))
    assert len(later.ids) == 8


async def test_scan_goes_on_where_it_was_cut_off(database: Database):
    async with service(database) as executor:
        await executor.submit_all([open_case(f"case {n}") for n in range(4)])
    documents = await database["commits"].find().sort([("recorded_at", 1), ("_id", 1)]).to_list()
    reply = await database.client.admin.command("ping")
    noted: Timestamp = reply["operationTime"]
    scan = {"recorded_at": documents[1]["recorded_at"], "id": documents[1]["_id"]}
    await database["positions"].insert_one({"_id": "local", "scan": scan, "noted": noted})
    heard = Heard()
    async with running(Follower("local", database, heard)):
        await until(lambda: heard.has(2))
        await until(lambda: _scan_over(database))
    assert heard.ids[:2] == [document["_id"] for document in documents[2:]]
    assert len(heard.ids) < 4


async def _scan_over(database: Database) -> bool:
    return "scan" not in (await database["positions"].find_one({"_id": "local"}) or {"scan": 1})


async def test_dropped_journal_ends_the_follower_loudly(database: Database):
    async with service(database) as executor:
        heard = Heard()
        following = asyncio.create_task(Follower("local", database, heard).run())
        await executor.submit(open_case("a"))
        await until(lambda: heard.has(1))
        await database["commits"].drop()
        with pytest.raises((JournalEnded, OperationFailure)):
            await asyncio.wait_for(following, 15)


async def test_task_that_loses_one_cancellation_is_ended_all_the_same():
    swallowed = asyncio.Event()

    async def deaf() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end([task], again_after=0.05)
    assert swallowed.is_set()
    assert task.cancelled()


async def test_work_that_loses_one_cancellation_still_gives_its_lease_back(database: Database):
    lease = Lease(database, "work", seconds=0.3, patience=0.1)
    losses = 0

    async def work() -> None:
        nonlocal losses
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                losses += 1
                if losses > 1:
                    raise

    holding = asyncio.create_task(lease.hold(work))

    async def held() -> bool:
        return lease.held

    await until(held)
    soon = [{"$set": {"holder": "a thief", "until": {"$add": ["$$NOW", 60_000]}}}]
    await database["leases"].update_one({"_id": "work"}, soon)
    await asyncio.wait_for(holding, 5)
    assert losses == 2


async def test_age_is_small_when_level_and_grows_while_stuck(database: Database):
    heard = Heard()
    follower = Follower("local", database, heard)
    async with service(database) as executor, running(follower):
        await executor.submit(open_case("a"))
        await until(lambda: heard.has(1))

        async def level() -> bool:
            return follower.age < 0.6

        await until(level)
    before = follower.age

    async def older() -> bool:
        return follower.age > before

    await until(older)


async def test_one_of_two_followers_with_a_lease_follows_and_the_other_takes_over(database: Database):
    first, second = Heard(), Heard()
    async with service(database) as executor:
        holder = Follower("local", database, first, lease=Lease(database, "local", seconds=0.5))
        standby = Follower("local", database, second, lease=Lease(database, "local", seconds=0.5))
        leading = asyncio.create_task(holder.run())
        await executor.submit(open_case("a"))
        await until(lambda: first.has(1))
        async with running(standby):
            await executor.submit(open_case("b"))
            await until(lambda: first.has(2))
            assert second.commits == []
            await stop(leading)
            await executor.submit(open_case("c"))
            await until(lambda: _heard_stream(second, f"case/{named('c')}"))


async def _heard_stream(heard: Heard, stream: str) -> bool:
    return any(commit.stream == stream for commit in heard.commits)


async def test_lease_that_is_lost_stops_the_work(database: Database):
    lease = Lease(database, "work", seconds=0.3)
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    holding = asyncio.create_task(lease.hold(work))

    async def held() -> bool:
        return lease.held

    await until(held)
    await database["leases"].update_one({"_id": "work"}, {"$set": {"holder": "a thief"}})
    await database["leases"].update_one({"_id": "work"}, [{"$set": {"until": {"$add": ["$$NOW", 60_000]}}}])
    await asyncio.wait_for(stopped.wait(), 5)
    await asyncio.wait_for(holding, 5)


async def test_clock_of_the_scan_is_the_journals_own(database: Database):
    """Commits of one millisecond and of an hour ago are both found by a scan with overlap."""
    async with service(database) as executor:
        await executor.submit_all([open_case(f"case {n}") for n in range(3)])
    first = await database["commits"].find_one({}, sort=[("_id", 1)])
    assert first is not None
    before = Place(first["recorded_at"].replace(tzinfo=None) - timedelta(hours=1))
    found = [commit async for page in pages(_commits(database), after=before) for commit in page]
    assert [commit.id for commit in found] == sorted(commit.id for commit in found)
    assert len(found) == 3
    rest = [c async for page in pages(_commits(database), after=Place.of(found[0])) for c in page]
    assert [commit.id for commit in rest] == [commit.id for commit in found[1:]]


def _commits(database: Database) -> Any:
    return durable(database, COMMITS)
