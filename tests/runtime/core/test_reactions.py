"""What follows from events: once, and never held up by a stream that breaks or cannot be read."""

import asyncio
from typing import Any

import pytest

from shared.events.recorded import Recorded
from shared.runtime.aside import CouldNotHandle
from shared.runtime.commit import Commit
from shared.runtime.decider import Input
from shared.runtime.errors import UnknownHistory
from shared.runtime.reactions import Reactions
from shared.runtime.tail import Follower, in_order
from shared.testing.running import running
from tests.runtime.core.shop import Hold, Noticed, OpenCase, hold, named, open_case, register
from tests.runtime.core.world import Database, Heard, service, until


async def test_unknown_event_is_put_aside_with_what_follows_it_and_nobody_else(database: Database):
    heard = Heard()
    async with service(database) as executor:
        await executor.submit_all([register("v"), register("w")])
        await executor.submit_all([hold("v", "a"), hold("w", "a")])
        await _rename(database, "v", "support.volunteer_changed.v1", "support.volunteer_promoted.v9")
        follower = Follower("local", database, heard)
        async with running(follower):
            await until(lambda: heard.has(2))
            await until(lambda: _aside(database, 2))
            assert {commit.stream for commit in heard.commits} == {f"volunteer/{named('w')}"}
            await _rename(database, "v", "support.volunteer_promoted.v9", "support.volunteer_changed.v1")
            await follower.try_again()
            assert [one.version for one in heard.events if one.stream == f"volunteer/{named('v')}"] == [1, 2]
    assert await database["set_aside"].count_documents({}) == 0


async def _aside(database: Database, count: int) -> bool:
    return await database["set_aside"].count_documents({}) == count


async def _rename(database: Database, volunteer: str, old: str, new: str) -> None:
    query = {"stream": f"volunteer/{named(volunteer)}", "events.type": old}
    await database["commits"].update_one(query, {"$set": {"events.$.type": new}})


def react(event: Recorded) -> list[Input]:
    """An opened case asks for a place; a held place is looked at, which breaks for one of them."""
    if event.event.wire == "support.case_opened.v1":
        case = event.event.case or named("none")
        return [Hold(named("v"), case)]
    if event.event.case == named("breaks"):
        return [Noticed(named("v"), breaks=True)]
    return []


async def test_reactions_happen_once_however_often_they_are_looked_at(database: Database):
    async with service(database) as executor:
        await executor.submit(register("v", cap=9))
        for _ in range(2):
            async with running(Follower("local", database, Reactions(executor, react))):
                await executor.submit(open_case("a"))
                await until(lambda: _version(executor, 2))
            await database["positions"].delete_many({})
        state, version = await executor.state(f"volunteer/{named('v')}")
    assert (set(state.held), version) == ({named("a")}, 2)


async def _version(executor: Any, version: int) -> bool:
    return bool((await executor.state(f"volunteer/{named('v')}"))[1] >= version)


async def test_reaction_that_breaks_is_put_aside_and_the_others_go_on(database: Database):
    async with service(database) as executor:
        await executor.submit(register("v", cap=9))
        async with running(Follower("local", database, Reactions(executor, react))):
            await executor.submit_all([open_case("breaks"), open_case("b"), open_case("c")])
            await until(lambda: _version(executor, 4))
            await until(lambda: _aside(database, 1))


async def test_handlers_in_a_row_all_see_what_one_of_them_could_not_handle():
    async def refuses(commits: list[Commit]) -> None:
        raise CouldNotHandle([commits[0]], "refused")

    heard = Heard()
    commits: list[Any] = [_Named("one"), _Named("two")]
    with pytest.raises(CouldNotHandle) as left:
        await in_order(refuses, heard)(commits)
    assert heard.commits == commits
    assert left.value.commits == commits[:1]


class _Named:
    def __init__(self, name: str) -> None:
        self.id = name


async def test_unreadable_stream_is_unavailable_to_the_executor_alone(database: Database):
    async with service(database) as executor:
        await executor.submit_all([register("v"), register("w")])
        await _rename(database, "v", "support.volunteer_changed.v1", "support.volunteer_promoted.v9")
    async with service(database) as fresh:
        broken, fine = await fresh.submit_all([hold("v", "a"), hold("w", "a")])
        assert isinstance(broken, UnknownHistory)
        assert not isinstance(fine, Exception)


async def test_opening_twice_from_two_places_is_one_case(database: Database):
    async with service(database) as one, service(database) as two:
        outcomes = await asyncio.gather(one.submit(open_case("a")), two.submit(open_case("a")))
    assert sorted(outcome.repeated for outcome in outcomes) == [False, True]
    assert outcomes[0].recorded == outcomes[1].recorded
    assert OpenCase(named("a")).stream == outcomes[0].stream
