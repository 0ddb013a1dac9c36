"""A process hears its own commits at once and another's soon; each once, and never out of their stream's order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.events.recorded import Recorded
from shared.runtime import looking
from shared.runtime.changes import Changes
from shared.runtime.commit import Commit
from shared.runtime.executor import Executor
from shared.runtime.handover import Handover
from shared.runtime.mongo import MongoStore
from shared.runtime.tail import Follower
from shared.testing.clock import HandClock
from shared.testing.running import running
from tests.runtime.core.shop import DECIDERS, NOW, hold, open_case, register
from tests.runtime.core.world import Database, Heard, until


class Instance:
    """One process of a service, as far as its journal sees it."""

    def __init__(self, database: Database) -> None:
        self.store = MongoStore(database)
        self.executor = Executor("support", DECIDERS, self.store, HandClock(NOW))


@pytest.fixture
async def two(database: Database) -> AsyncIterator[tuple[Instance, Instance]]:
    """Two instances over one journal."""
    one, other = Instance(database), Instance(database)
    await one.store.ensure_indexes()
    async with running(one.executor, other.executor):
        yield one, other


def in_order(events: list[Recorded]) -> dict[str, list[int]]:
    """The versions of each stream in the order in which they first came."""
    found: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.version not in found[event.stream]:
            found[event.stream].append(event.version)
    return found


async def test_own_commits_come_without_a_look_at_the_stream_and_once(
    database: Database, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = two
    monkeypatch.setattr(looking, "UNHURRIED", 1.0)
    heard = Heard()
    async with running(Follower("local", database, heard, handover=one.store.handover)):
        await one.executor.submit(open_case("first"))
        await until(lambda: _level(database))  # the scan and its overlap are over
        heard.commits.clear()
        began = asyncio.get_running_loop().time()
        await one.executor.submit_all([open_case(f"case {n}") for n in range(20)])
        await until(lambda: heard.has(20))
        assert asyncio.get_running_loop().time() - began < 0.5
        await until(lambda: _level(database))
    assert len(heard.commits) == 20


async def _level(database: Database) -> bool:
    """Whether the saved place is behind the last commit: the stream has brought them all."""
    saved = await database["positions"].find_one({"_id": "local"}) or {}
    if "token" not in saved:
        return False
    async with await database["commits"].watch(start_after=saved["token"], max_await_time_ms=1) as rest:
        return await rest.try_next() is None


async def test_whoever_writes_each_stream_is_heard_whole_and_in_order(database: Database, two: Any) -> None:
    turn = random.Random(7)
    heard = Heard()
    async with running(Follower("local", database, heard, handover=two[0].store.handover)):
        await two[0].executor.submit_all([register(f"v{n}", cap=60) for n in range(6)])
        for round_ in range(25):
            await asyncio.gather(*(turn.choice(two).executor.submit(hold(f"v{n}", f"c{round_}-{n}")) for n in range(6)))
        await until(lambda: _whole(heard))
    assert in_order(heard.events) == {stream: list(range(1, 27)) for stream in in_order(heard.events)}


async def _whole(heard: Heard) -> bool:
    return len({event.event_id for event in heard.events}) >= 6 * 26


async def test_a_handed_commit_whose_forerunner_was_not_seen_waits_for_the_stream(database: Database, two: Any) -> None:
    one, other = two
    await other.executor.submit(register("v", cap=3))
    handover = Handover()
    heard: list[Commit] = []
    async with await database["commits"].watch(max_await_time_ms=1) as stream:
        changes = Changes(stream, handover)
        async with changes.reading("test"):
            await other.executor.submit(hold("v", "a"))
            documents = await database["commits"].find().sort("_id").to_list()
            await one.executor.submit(hold("v", "b"))
            (third,) = (await one.store.load([documents[0]["stream"]]))[documents[0]["stream"]][2:]
            handover.give([third])
            while len(heard) < 2:
                heard += (await changes.next(0.5)).commits
    assert [commit.version for commit in heard] == [2, 3]


async def test_a_follower_that_cannot_keep_up_drops_what_is_handed_and_loses_nothing(
    database: Database, two: Any
) -> None:
    one, _ = two
    heard, held = Heard(), asyncio.Event()

    async def slow(commits: Any) -> None:
        await held.wait()
        await heard(commits)

    async with running(Follower("local", database, slow, handover=one.store.handover)):
        for page in range(25):
            await one.executor.submit_all([open_case(f"case {page} {n}") for n in range(200)])
        held.set()
        await until(lambda: heard.has(5_000))
    assert len(heard.ids) == 5_000
