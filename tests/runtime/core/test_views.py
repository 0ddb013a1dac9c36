"""Views on a real MongoDB: repeats change nothing, two folders do not lose a count, versions stand side by side."""

import asyncio
from typing import Any

import pytest

from shared.events.recorded import Recorded
from shared.runtime.commit import recorded
from shared.runtime.mongo import MongoStore
from shared.runtime.rebuild import rebuild
from shared.runtime.tail import Follower
from shared.runtime.views import Views, ViewSpec
from shared.testing.clock import HandClock
from shared.testing.running import running
from tests.runtime.core.shop import NOW, hold, named, open_case, register
from tests.runtime.core.world import Database, service, until

V = f"volunteer/{named('v')}"


def keys(event: Recorded) -> list[str]:
    """One document for each case, and one for all."""
    return [str(event.event.case), "all"] if event.event.case else []


def project(view: dict[str, Any] | None, event: Recorded) -> dict[str, Any]:
    """Count the facts, keep their names."""
    before = view or {"count": 0, "facts": []}
    return {"count": before["count"] + 1, "facts": [*before["facts"], event.event.wire]}


def breaks_on_held(view: dict[str, Any] | None, event: Recorded) -> dict[str, Any]:
    """A projection with a bug."""
    if event.event.wire == "support.place_held.v1":
        raise ZeroDivisionError
    return project(view, event)


COUNTS = ViewSpec("counts_v1", keys, project)
NEXT = ViewSpec("counts_v2", keys, lambda view, event: {**project(view, event), "new": True})


async def journal(database: Database) -> list[Recorded]:
    """Every event there is, in the journal's order."""
    async with service(database) as executor:
        await executor.submit_all([register("v", cap=9), *(hold("v", f"c{n}") for n in range(5)), open_case("c0")])
        commits = (await MongoStore(database).load([V, f"case/{named('c0')}"])).values()
    return [event for stream in commits for commit in stream for event in recorded(commit)]


async def count(views: Views, name: str = "counts_v1", key: str = "all") -> int:
    return int((await views.get(name, key) or {"count": 0})["count"])


async def test_repeats_and_replays_from_zero_change_nothing(database: Database):
    events = await journal(database)
    views = Views(database, [COUNTS])
    await views.fold(events)
    await views.fold(events)
    for event in events:
        await views.fold([event, event])
    assert await count(views) == 6
    assert (await views.get("counts_v1", str(named("c0"))) or {})["count"] == 2


async def test_two_folders_at_once_lose_nothing(database: Database):
    events = await journal(database)
    one, two = Views(database, [COUNTS]), Views(database, [COUNTS])
    halves = [event for event in events if event.stream == V], [event for event in events if event.stream != V]
    await asyncio.gather(one.fold(halves[0]), two.fold(halves[1]), two.fold(halves[0]), one.fold(halves[1]))
    assert await count(one) == 6


async def test_document_unknown_to_the_view_is_none(database: Database):
    assert await Views(database, [COUNTS]).get("counts_v1", "nobody") is None


async def test_page_waits_until_the_view_holds_its_write(database: Database):
    views = Views(database, [COUNTS])
    async with service(database) as executor, running(Follower("local", database, views)):
        outcome = await executor.submit(open_case("a"))
        key = str(named("a"))
        assert await views.wait_for("counts_v1", key, outcome.stream, outcome.version, within=10)
        assert not await views.wait_for("counts_v1", key, outcome.stream, outcome.version + 1, within=0.05)


async def test_view_that_nobody_filled_takes_in_the_journal_before_it_follows(database: Database):
    views = Views(database, [COUNTS])
    async with service(database) as executor:
        await executor.submit_all([open_case(f"before {n}") for n in range(3)])
        async with running(Follower("local", database, Views(database, []))):
            await until(lambda: _level(database))
        async with running(Follower("local", database, views)):
            await executor.submit(open_case("after"))
            await until(lambda: _counted(views, 4))
            await until(lambda: views.reads("counts"))
    assert await views.reads("counts") == "counts_v1"


async def _level(database: Database) -> bool:
    position = await database["positions"].find_one({"_id": "local"}) or {}
    return "noted" in position or "token" in position


async def _counted(views: Views, expected: int, name: str = "counts_v1") -> bool:
    return await count(views, name) == expected


async def test_next_version_is_filled_beside_the_live_one_and_taken_over_without_a_gap(database: Database):
    clock = HandClock(NOW)
    views = Views(database, [COUNTS, NEXT])
    async with service(database, clock) as executor:
        await executor.submit_all([open_case(f"case {n}") for n in range(20)])
        async with running(Follower("old", database, Views(database, [COUNTS]))):
            await until(lambda: _counted(views, 20))
            writing = asyncio.create_task(_write_on(executor, 60))
            await rebuild(database, NEXT, clock, grace=0)
            assert await views.reads("counts") == "counts_v2"
            await writing
            await until(lambda: _counted(views, 80))
        async with running(Follower("new", database, views)):
            await until(lambda: _counted(views, 80, "counts_v2"))
            await executor.submit(open_case("last"))
            await until(lambda: _counted(views, 81, "counts_v2"))
        assert (await views.get("counts_v2", "all") or {})["new"] is True


async def _write_on(executor: Any, number: int) -> None:
    for n in range(number):
        await executor.submit(open_case(f"meanwhile {n}"))


async def test_view_in_use_may_be_rebuilt_while_it_is_followed(database: Database):
    clock = HandClock(NOW)
    views = Views(database, [COUNTS])
    async with service(database, clock) as executor, running(Follower("local", database, views)):
        await executor.submit_all([open_case(f"case {n}") for n in range(10)])
        await until(lambda: _counted(views, 10))
        writing = asyncio.create_task(_write_on(executor, 40))
        await rebuild(database, COUNTS, clock, grace=0.2)
        await writing
        await executor.submit(open_case("last"))
        await until(lambda: _counted(views, 51))


async def test_older_version_never_takes_the_readers_back(database: Database):
    await rebuild(database, NEXT, HandClock(NOW), grace=0)
    await rebuild(database, COUNTS, HandClock(NOW), grace=0)
    assert await Views(database, [COUNTS, NEXT]).reads("counts") == "counts_v2"


async def test_projection_that_breaks_holds_up_no_other_view(database: Database):
    broken = ViewSpec("broken_v1", keys, breaks_on_held)
    views = Views(database, [broken, COUNTS])
    async with service(database) as executor, running(Follower("local", database, views)):
        await executor.submit_all([register("v"), hold("v", "a"), open_case("b")])
        await until(lambda: _counted(views, 2))
        await until(lambda: _counted(views, 1, "broken_v1"))


@pytest.mark.parametrize(
    ("name", "base", "number"), [("worklist_v1", "worklist", 1), ("live_list_v12", "live_list", 12)]
)
def test_name_carries_the_version(name: str, base: str, number: int):
    spec = ViewSpec(name, keys, project)
    assert (spec.base, spec.number) == (base, number)
