"""The relay on real Kafka and MongoDB: every event, in order, whatever stops; and a restored journal is refused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.testing import wait_until
from deploy.topics import FILE, create, load
from shared.events.cloudevents import from_record
from shared.events.recorded import Recorded
from shared.runtime import restore_guard
from shared.runtime.commit import Claim, Commit, recorded
from shared.runtime.continuity import Continuity, current
from shared.runtime.errors import JournalBehind
from shared.runtime.executor import Executor
from shared.runtime.mongo import MongoStore
from shared.runtime.recover import recover
from shared.runtime.relay import Relay
from shared.runtime.submission import Outcome, Submission
from shared.testing.clock import HandClock
from shared.testing.running import running
from tests.runtime.core.shop import DECIDERS, NOW, SCOPE, OpenCase, Register, named
from tests.runtime.messaging.made import WORRY, commit, eventually, everything, sent, worry, write
from tests.runtime.messaging.own_kafka import OwnKafka

EVENTS, SIGNALS = "support.events", "safeguarding.signals"
Append = Callable[..., Awaitable[None]]


@pytest.fixture
async def topics(kafka: str) -> AsyncIterator[str]:
    """The two topics support writes to, fresh; gives Kafka's address."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    known = load(FILE.read_text())

    async def gone() -> bool:
        return not {EVENTS, SIGNALS} & set(await admin.list_topics())

    await eventually(gone, what="earlier topics gone")
    await create(admin, [known[EVENTS], known[SIGNALS]])
    yield kafka
    await admin.delete_topics([EVENTS, SIGNALS])
    await admin.close()


@pytest.fixture
async def append(database: Any) -> Append:
    store = MongoStore(database)
    await store.ensure_indexes()

    async def append(*commits: Commit) -> None:
        assert await store.append(commits) == [None] * len(commits)

    return append


async def relayed(kafka: str, topic: str = EVENTS) -> list[Recorded]:
    return [from_record(one.key, one.value, one.headers) for one in await everything(kafka, topic)]


def first_occurrences(events: list[Recorded]) -> dict[str, list[int]]:
    """The versions of each source, repeats left out."""
    versions: dict[str, list[int]] = {}
    for event in events:
        seen = versions.setdefault(event.source, [])
        if event.version not in seen:
            seen.append(event.version)
    return versions


async def complete(kafka: str, number: int) -> list[Recorded]:
    """All events, once so many different ones are there."""
    found: list[Recorded] = []

    async def enough() -> bool:
        found[:] = await relayed(kafka)
        return len({event.event_id for event in found}) >= number

    await eventually(enough, within=60, what=f"{number} events relayed")
    return found


async def test_every_event_of_a_commit_arrives_once_in_order_and_reads_as_it_was_kept(topics, append, database):
    kept = [commit(f"case {number}", events=3) for number in range(20)]
    await append(*kept[:10])
    async with running(Relay("support", database, topics)):
        await append(*kept[10:])
        found = await complete(topics, 60)

    by_id = {event.event_id: event for event in found}
    assert len(found) == 60
    assert by_id == {event.event_id: event for one in kept for event in recorded(one)}
    assert all(versions == [1, 2, 3] for versions in first_occurrences(found).values())


async def test_an_urgent_event_goes_to_signals_too(topics, append, database):
    await append(commit("her", type_=WORRY, data=worry()), commit("other"))
    async with running(Relay("support", database, topics)):
        await complete(topics, 2)
        assert [event.event.wire for event in await relayed(topics, SIGNALS)] == [WORRY]


async def test_an_event_that_this_release_does_not_know_is_relayed_like_any_other(topics, append, database):
    await append(commit("her", type_="support.from_the_next_release.v1"), commit("her", 2))
    async with running(Relay("support", database, topics)):
        await eventually(lambda: _types(topics), what="both events relayed")
    assert await _types(topics) == [b"support.from_the_next_release.v1", b"support.case_opened.v1"]


async def _types(kafka: str) -> list[bytes]:
    """The types on the topic in order, once there are two."""
    found = [dict(one.headers)["ce_type"] for one in await everything(kafka, EVENTS)]
    return found if len(found) >= 2 else []


async def test_a_relay_started_again_goes_on_where_it_was(topics, append, database):
    await append(*[commit(f"case {number}") for number in range(30)])
    async with running(Relay("support", database, topics)):
        await complete(topics, 30)
        await eventually(lambda: _saved(database))
    await append(*[commit(f"case {number}", 2) for number in range(30)])
    async with running(Relay("support", database, topics)):
        found = await complete(topics, 60)
    assert all(versions == [1, 2] for versions in first_occurrences(found).values())


async def _saved(database: Any) -> Any:
    return await database["positions"].find_one({"_id": "relay"})


async def test_two_relays_at_once_only_duplicate(topics, append, database):
    kept = [commit(f"case {number % 20}", number // 20 * 2 + 1, events=2) for number in range(200)]
    await append(*kept[:100])
    one, two = Relay("support", database, topics), Relay("support", database, topics)
    both = [asyncio.create_task(relay._relay()) for relay in (one, two)]  # as if both believed to hold the lease
    await append(*kept[100:])
    found = await complete(topics, 400)
    await eventually(lambda: one.relayed >= 200 and two.relayed >= 200)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)

    assert all(versions == list(range(1, 21)) for versions in first_occurrences(found).values())


async def test_when_the_holder_dies_the_other_instance_relays_on(topics, append, database):
    first, second = Relay("support", database, topics), Relay("support", database, topics)
    holding = asyncio.create_task(first.run())
    await append(commit("her", 1))
    await eventually(lambda: first.relayed == 1)
    async with running(second):
        first._lease._release = _nothing  # type: ignore[method-assign]  # a killed process gives nothing back
        holding.cancel()
        await append(commit("her", 2))
        await eventually(lambda: second.relayed >= 1, within=10)
        found = await complete(topics, 2)
    assert list(first_occurrences(found).values()) == [[1, 2]]


async def _nothing() -> None:
    """Does nothing."""


async def test_kafka_absent_from_the_start_then_stopped_and_returned_is_drained(tmp_path: Path, append, database):
    own = OwnKafka(tmp_path)
    relay = Relay("support", database, own.bootstrap)
    await append(commit("her", 1))
    async with running(relay):
        with own:
            await own.create(EVENTS, SIGNALS)
            await eventually(lambda: relay.relayed >= 1, within=40)
            own.stop()
            await asyncio.to_thread(wait_until, lambda: not own.runs, within_s=20, what="Kafka stopped")
            await append(*[commit("her", version) for version in range(2, 50)])
            await asyncio.to_thread(own.start)
            found = await complete(own.bootstrap, 49)
    assert list(first_occurrences(found).values()) == [list(range(1, 50))]


async def test_a_journal_that_lost_what_it_relayed_is_refused_until_it_is_recovered(topics, append, database):
    claimed = commit("claimed", events=2)
    claimed = replace(claimed, claims=(Claim("key/demo/refer/1", claimed.causes[1], "digest"),))
    kept = [claimed, *[commit(f"case {number}", events=2, epoch=4) for number in range(20)]]
    await append(*kept)
    async with running(Relay("support", database, topics)):
        await complete(topics, 42)
    await restore_guard.check("support", database, topics)
    await database["commits"].delete_many({"stream": {"$in": [one.stream for one in kept[:3]]}})

    with pytest.raises(JournalBehind):
        await restore_guard.check("support", database, topics)
    stuck = Relay("support", database, topics)
    async with running(stuck):
        await append(commit("new"))
        with pytest.raises(JournalBehind):
            await restore_guard.check("support", database, topics)
    assert stuck.relayed == 0

    done = await recover("support", database, topics)
    assert (done.appended, done.incomplete) == (3, ())
    loaded = await MongoStore(database).load([one.stream for one in kept])
    assert [loaded[one.stream] for one in kept] == [[one] for one in kept]
    await restore_guard.check("support", database, topics)
    assert (await recover("support", database, topics)).appended == 0


async def test_an_id_given_again_under_a_new_epoch_does_not_hide_the_lost_commit(topics, append, database):
    await write(topics, EVENTS, [sent("her")])
    await append(commit("her", epoch=1))
    with pytest.raises(JournalBehind):
        await restore_guard.check("support", database, topics)
    assert (await recover("support", database, topics)).incomplete == (commit("her").id,)


async def test_what_strangers_write_at_the_end_of_a_topic_does_not_stop_the_relay(topics, append, database):
    await append(commit("her"))
    async with running(Relay("support", database, topics)):
        await complete(topics, 1)
    for partition in range(12):
        await write(topics, EVENTS, [sent("stranger", headers=[])] * 3, partition=partition)
    await restore_guard.check("support", database, topics)


async def test_a_journal_that_is_behind_takes_only_what_may_not_wait_until_it_is_recovered(topics, append, database):
    kept = [commit(f"case {number}", epoch=4) for number in range(20)]
    await append(*kept)
    async with running(Relay("support", database, topics)):
        await complete(topics, 20)
    await database["commits"].delete_many({"stream": {"$in": [one.stream for one in kept[:15]]}})

    journal = Continuity("support", database, topics, always={"case"})
    await journal.begin()
    executor = Executor("support", DECIDERS, MongoStore(database), HandClock(NOW), journal=journal)
    async with running(executor):
        anna = Submission(Register(named("anna")), named("registered"), SCOPE)
        case = Submission(OpenCase(named("new case")), named("opened"), SCOPE)
        with pytest.raises(JournalBehind):
            await executor.submit(anna)
        [refused, taken] = await executor.submit_all([anna, case])
        assert isinstance(taken, Outcome), repr(taken)
        assert isinstance(refused, JournalBehind)
        [urgent] = (await MongoStore(database).load([case.input.stream]))[case.input.stream]
        assert urgent.epoch == 5, "nobody has seen what it is called"

        assert (await recover("support", database, topics)).appended == 15
        await journal.look()
        await executor.submit(anna)
    assert await current(database) == 5


async def test_whoever_runs_recover_first_begins_the_epoch_too_and_only_one(topics, append, database):
    await append(*[commit(f"case {number}") for number in range(3)])
    async with running(Relay("support", database, topics)):
        await complete(topics, 3)
    assert await current(database) == 0
    await recover("support", database, topics)
    assert await current(database) == 0, "nothing was lost"
    await database["commits"].delete_many({})
    for _ in range(2):
        await recover("support", database, topics)
    assert await current(database) == 1


async def test_while_kafka_is_away_nothing_is_held_back(database):
    journal = Continuity("support", database, "127.0.0.1:9")
    await journal.begin()
    assert journal.takes("volunteer/anna")
    assert journal.epoch == 0


async def test_a_look_that_is_never_answered_is_begun_anew(topics, append, database):
    looks: list[int] = []

    async def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:  # Kafka died meanwhile
            await asyncio.Event().wait()

    await append(commit("her"))
    async with running(Relay("support", database, topics, look=look, look_within=0.1)):
        await complete(topics, 1)
    assert len(looks) == 2


async def test_a_reader_whose_broker_died_is_let_go_of(topics, monkeypatch):
    async def never(_reader: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(restore_guard, "STOP_WITHIN", 0.1)
    with monkeypatch.context() as dying:
        async with asyncio.timeout(10), restore_guard.reader(topics) as reader:
            dying.setattr(type(reader), "stop", never)
    await reader.stop()
