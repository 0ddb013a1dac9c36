"""Worries reach safeguarding without Kafka: each for itself, to whoever is alive, and none is ever passed over. # S3"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from bson.timestamp import Timestamp
from prometheus_client import REGISTRY

from shared.events.cloudevents import from_record
from shared.runtime.commit import recorded
from shared.runtime.mongo import MongoStore
from shared.runtime.push import Push
from shared.runtime.push_position import PushPosition
from shared.testing.running import running
from tests.runtime.messaging.made import AT, WORRY, commit, eventually, named, worry

Answer = Callable[[dict[str, Any]], int]


class Safeguarding:
    """An address that takes signals, or answers what the test says."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.answer: Answer = lambda body: 202

    def taken(self) -> set[str]:
        """The signal ids it answered 2xx."""
        return {body["data"]["signal_id"] for body in self.bodies}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        self.requests.append(head)
        status = self.answer(body)
        if 200 <= status < 300:
            self.bodies.append(body)
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[Safeguarding]:
    """Run an address for as long as the block runs."""
    fake = Safeguarding()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", port)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield fake


def proof() -> str:
    """Another one each time it is asked."""
    return f"Bearer {secrets.token_hex(8)}"


@pytest.fixture
async def store(database: Any) -> MongoStore:
    store = MongoStore(database)
    await store.ensure_indexes()
    return store


def flagged(name: str) -> Any:
    """A commit with one worry in it."""
    return commit(name, type_=WORRY, data=worry(name))


def signals(*names: str) -> set[str]:
    return {str(named(name)) for name in names}


async def position(database: Any) -> Any:
    saved = await database["positions"].find_one({"_id": "push"})
    return saved and saved["operation_time"]


async def test_only_urgent_events_are_pushed_and_read_back_as_they_were_kept(database, store):
    kept = flagged("her")
    async with serving() as safeguarding:
        await store.append([kept, commit("other")])
        async with running(Push("support", database, [safeguarding.url], proof)):
            await eventually(lambda: safeguarding.taken() == signals("her"))
            await store.append([flagged("him"), commit("third")])
            await eventually(lambda: safeguarding.taken() == signals("her", "him"))

    body = safeguarding.bodies[0]
    headers = [(name, value.encode()) for name, value in body["headers"].items()]
    assert from_record(None, json.dumps(body["data"]).encode(), headers) == recorded(kept)[0]
    assert len(safeguarding.bodies) == 2
    assert all("post /api/signals " in head and "idempotency-key: " in head for head in safeguarding.requests)
    proofs = {head.split("authorization: bearer ")[1].split("\r\n")[0] for head in safeguarding.requests}
    assert len(proofs) == len(safeguarding.requests), "a proof may be believed only once"


async def test_what_is_enclosed_goes_along_and_the_same_each_time_it_is_tried(database, store):
    async def enclose(event):
        return {"card": f"sealed {secrets.token_hex(4)} for {event.type}"}

    offered: list[dict[str, Any]] = []

    def third_time(body):
        offered.append(body)
        return 500 if len(offered) < 3 else 202

    async with serving() as safeguarding:
        safeguarding.answer = third_time
        await store.append([flagged("her")])
        async with running(Push("support", database, [safeguarding.url], proof, enclose=enclose)):
            await eventually(lambda: safeguarding.taken() == signals("her"))

    assert offered[0]["card"].endswith(f"for {WORRY}")
    assert len({json.dumps(body) for body in offered}) == 1


@pytest.mark.parametrize("late", [True, False])
async def test_a_worry_goes_alone_where_what_it_should_take_along_fails_or_is_late(database, store, late):
    async def enclose(event):
        if late:
            await asyncio.Event().wait()
        raise RuntimeError

    async with serving() as safeguarding:
        await store.append([flagged("her")])
        async with running(Push("support", database, [safeguarding.url], proof, enclose=enclose)):
            await eventually(lambda: safeguarding.taken() == signals("her"))

    assert set(safeguarding.bodies[0]) == {"headers", "data"}


async def test_an_undelivered_worry_holds_back_no_other_and_the_position_waits_for_it(database, store):
    async with serving() as safeguarding:
        stuck = [True]
        safeguarding.answer = lambda body: 500 if stuck[0] and body["data"]["signal_id"] in signals("first") else 202
        async with running(Push("support", database, [safeguarding.url], proof)):
            await store.append([flagged("zeroth")])
            await eventually(lambda: safeguarding.taken() == signals("zeroth"))
            await eventually(lambda: position(database))
            before = (await database.command("ping"))["operationTime"]
            await store.append([flagged("first")])
            await store.append([flagged("second"), flagged("third")])
            await eventually(lambda: safeguarding.taken() == signals("zeroth", "second", "third"))
            assert await position(database) <= before
            stuck[0] = False
            await eventually(lambda: safeguarding.taken() == signals("zeroth", "first", "second", "third"))
            await eventually(lambda: _beyond(database, before))


async def _beyond(database: Any, before: Any) -> bool:
    return bool(await position(database) > before)


async def test_a_process_that_ends_before_the_2xx_leaves_the_worry_to_the_next(database, store):
    async with serving() as safeguarding:
        safeguarding.answer = lambda body: 503
        await store.append([flagged("her")])
        async with running(Push("support", database, [safeguarding.url], proof)):
            await store.append([flagged("him")])
            await eventually(lambda: len(safeguarding.requests) >= 3)
        safeguarding.answer = lambda body: 202
        async with running(Push("support", database, [safeguarding.url], proof)):
            await eventually(lambda: safeguarding.taken() == signals("her", "him"))


async def test_what_was_delivered_is_not_pushed_again_and_again(database, store):
    async with serving() as safeguarding:
        await store.append([flagged(f"case {number}") for number in range(20)])
        async with running(Push("support", database, [safeguarding.url], proof)):
            await eventually(lambda: len(safeguarding.taken()) == 20)
            since = (await database.client.admin.command("ping"))["operationTime"]
            await store.append([flagged("last")])
            await eventually(lambda: safeguarding.taken() >= signals("last"))
            await eventually(lambda: _level(database, since))
        safeguarding.bodies.clear()
        async with running(Push("support", database, [safeguarding.url], proof)):
            await store.append([flagged("next")])
            await eventually(lambda: safeguarding.taken() >= signals("next"))
        assert safeguarding.taken() <= signals("next", "last")


async def _level(database: Any, since: Any) -> bool:
    """Whether the position has passed that time."""
    return bool((await position(database) or since) > since)


async def test_the_next_address_is_tried_when_one_is_dead_or_refuses(database, store):
    async with serving() as refusing, serving() as living:
        refusing.answer = lambda body: 500
        urls = ["http://127.0.0.1:9", refusing.url, living.url]
        async with running(Push("support", database, urls, proof)):
            await eventually(lambda: position(database))
            since = await position(database)
            await store.append([flagged("her")])
            await eventually(lambda: _level(database, since))
            assert (len(refusing.requests), living.taken()) == (1, signals("her"))
            await store.append([flagged("him")])
            await eventually(lambda: living.taken() == signals("her", "him"))
    assert len(refusing.requests) == 1  # the address that took one worry is the first to be offered the next


async def test_every_instance_pushes_every_worry(database, store):
    names = [f"case {number}" for number in range(5)]
    async with (
        serving() as one,
        serving() as two,
        running(Push("support", database, [one.url], proof), Push("support", database, [two.url], proof)),
    ):
        await store.append([flagged(name) for name in names])
        await eventually(lambda: one.taken() == two.taken() == signals(*names))


async def test_the_position_never_goes_back(database):
    place = PushPosition(database)
    for at in (Timestamp(10, 1), Timestamp(20, 3), Timestamp(20, 2), Timestamp(11, 1)):
        await place.passed(at)
    assert await place.read() == Timestamp(20, 3)


async def test_worries_undelivered_are_counted_for_whoever_watches(database, store):
    def undelivered() -> Any:
        return REGISTRY.get_sample_value("beside_pushes_undelivered")

    async with serving() as safeguarding:
        safeguarding.answer = lambda body: 500
        await store.append([flagged("her")])
        async with running(Push("support", database, [safeguarding.url], proof)):
            await eventually(lambda: undelivered() == 1)
            safeguarding.answer = lambda body: 202
            await eventually(lambda: undelivered() == 0)


async def test_a_place_that_the_database_has_forgotten_is_found_again_by_a_scan(database, store):
    forgotten = Timestamp(AT - timedelta(minutes=30), 1)
    await database["positions"].insert_one({"_id": "push", "operation_time": forgotten})
    async with serving() as safeguarding:
        await store.append([flagged("her")])
        async with running(Push("support", database, [safeguarding.url], proof)):
            await eventually(lambda: safeguarding.taken() == signals("her"))
