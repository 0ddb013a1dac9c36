"""Made-up commits and records, a handler that remembers, and waiting until something is so."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.events.ids import BESIDE
from shared.events.recorded import Recorded
from shared.runtime.commit import Claim, Commit, Entry
from shared.runtime.outgoing import Outgoing, outgoing
from shared.runtime.record import Record
from shared.runtime.restore_guard import ends_of, read_between, reader

AT = datetime(2026, 11, 24, 9, 30, 0, 123_000, tzinfo=UTC)
OPENED = "support.case_opened.v1"
WORRY = "support.worry_flagged.v1"


def named(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(BESIDE, f"test/{name}")


def worry(signal: str = "signal") -> dict[str, Any]:
    """The data of an urgent event."""
    return {
        "signal_id": str(named(signal)),
        "about": "adult",
        "code": "unsafe_now",
        "level": "now",
        "observed_at": "2026-11-24T09:30:00Z",
    }


def commit(
    case: str,
    version: int = 1,
    *,
    events: int = 1,
    type_: str = OPENED,
    data: dict[str, Any] | None = None,
    claims: tuple[Claim, ...] = (),
    epoch: int = 0,
) -> Commit:
    """What a batch did to the stream of the case called `case`; each event has its own cause."""
    causes = tuple(named(f"{case} {version + index}") for index in range(events))
    entries = tuple(Entry(type_, named(case), AT, cause, named("flow"), data or {"offer": "group"}) for cause in causes)
    return Commit(
        stream=f"case/{named(case)}",
        version=version,
        epoch=epoch,
        service=type_.split(".", maxsplit=1)[0],
        provider="nct",
        site="newham",
        causes=causes,
        claims=claims,
        recorded_at=AT,
        entries=entries,
    )


def sent(case: str, version: int = 1, **changes: Any) -> Outgoing:
    """The event at `version` of a case's stream, as it goes to Kafka."""
    return replace(outgoing(commit(case, version))[0], **changes)


def record(offset: int, event: Outgoing | None = None, **changes: Any) -> Record:
    """A record of partition 0 of the topic "upstream"; changes replace its parts."""
    event = event or sent(f"case {offset}")
    whole = Record("upstream", 0, offset, event.key, event.value, tuple(event.headers))
    return replace(whole, **changes)


def with_header(headers: Iterable[tuple[str, bytes | None]], name: str, value: bytes | None) -> Any:
    """The headers with one of them changed."""
    return tuple((one, value if one == name else kept) for one, kept in headers)


class Handled:
    """A handler that remembers what it made durable, in order, and fails the cases (or versions) it is told to."""

    def __init__(self, failing: Callable[[Recorded], Exception | None] = lambda event: None) -> None:
        self.events: list[Recorded] = []
        self.batches: list[int] = []
        self.failing = failing

    async def __call__(self, events: list[Recorded]) -> list[Exception | None]:
        self.batches.append(len(events))
        answers = [self.failing(event) for event in events]
        self.events += [event for event, failed in zip(events, answers, strict=True) if failed is None]
        return answers

    def versions(self, case: str) -> list[int]:
        """The versions of a case's events in the order in which they were handled."""
        return [event.version for event in self.events if event.event.case == named(case)]


async def eventually(condition: Callable[[], Any], *, within: float = 20.0, what: str = "") -> Any:
    """Poll until `condition()` (perhaps awaited) is true and return it."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        found = await found if inspect.isawaitable(found) else found
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within:g} s: {what or inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def writer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer that writes whatever it is told."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def write(kafka: str, topic: str, events: Sequence[Outgoing], *, partition: int | None = None) -> None:
    """Write events as they are to one topic."""
    async with writer(kafka) as producer:
        confirms = [
            await producer.send(topic, one.value, key=one.key, headers=one.headers, partition=partition)
            for one in events
        ]
        await asyncio.gather(*confirms)


async def committed(kafka: str, group: str, topic: str) -> int:
    """How many records of a topic a group has acknowledged."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or range(12)]
        return sum([await consumer.committed(place) or 0 for place in places])
    finally:
        await consumer.stop()


async def everything(kafka: str, topic: str) -> list[Any]:
    """All records of a topic, in order within each partition."""
    found: list[Any] = []
    async with reader(kafka) as consumer, asyncio.timeout(30):
        for place, end in (await ends_of(consumer, topic)).items():
            async for page in read_between(consumer, place, 0, end):
                found += page
    return found
