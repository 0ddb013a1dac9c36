"""Notices a journal that is older than what it already told the world: a restored backup must not go on as if new."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError
from pymongo.asynchronous.database import AsyncDatabase

from shared.events.catalogue import UnknownType, Unreadable
from shared.events.cloudevents import from_record
from shared.runtime.errors import JournalBehind
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.producer import FAILURES, START_WITHIN, STOP_WITHIN

LOOK_BACK = 500
"""Records of a partition that are searched, from its end, for one of the service's own: strangers may write there."""
READ_WITHIN = 30.0
"""Seconds Kafka has to hand over a partition's end."""

KafkaRecord: TypeAlias = ConsumerRecord
Place = tuple[str, int]
"""A commit's id and its epoch: after a restore the same id may be given again, under a new epoch."""


async def check(service: str, database: AsyncDatabase[dict[str, Any]], kafka_servers: str) -> None:
    """Look up the last own record of each partition of `<service>.events` in the journal.

    Raises `JournalBehind`, or a KafkaError when Kafka is away.
    """
    last = await last_commits(service, kafka_servers)
    missing = last - await _held(database, last)
    if missing:
        raise JournalBehind(min(missing)[0], max(epoch for _, epoch in last))


async def last_commits(service: str, kafka_servers: str) -> set[Place]:
    """The commits that the ends of the service's partitions speak of; empty for an empty or absent topic."""
    topic = f"{service}.events"
    async with reader(kafka_servers) as consumer:
        ends = await ends_of(consumer, topic)
        found = [await _last_own(consumer, place, end, service) for place, end in ends.items()]
    return {place for place in found if place is not None}


@asynccontextmanager
async def reader(kafka_servers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, closed at the end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_servers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=10,  # a fetch at one partition's end delays the next partition by so much
    )
    try:
        async with asyncio.timeout(START_WITHIN):
            await consumer.start()
        yield consumer
    finally:
        await _close(consumer)


async def _close(consumer: AIOKafkaConsumer) -> None:
    """Let go of it, also where Kafka died meanwhile: its own `stop` may then wait for ever."""
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await consumer.stop()
    except FAILURES:
        await consumer._client.close()


async def ends_of(consumer: AIOKafkaConsumer, topic: str) -> Mapping[TopicPartition, int]:
    """The end of each partition that holds anything; empty for an absent topic."""
    await consumer._client.force_metadata_update()
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    if not partitions:
        return {}
    try:
        starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    except UnknownTopicOrPartitionError:
        return {}
    return {place: end for place, end in ends.items() if end > starts[place]}


async def read_between(
    consumer: AIOKafkaConsumer, place: TopicPartition, start: int, end: int
) -> AsyncIterator[list[KafkaRecord]]:
    """A partition's records from `start` up to `end`, in pages. Raises `TimeoutError` when Kafka falls silent.

    Only this partition is assigned meanwhile: unread records of others would hold its fetches back.
    """
    consumer.assign([place])
    consumer.seek(place, start)
    while start < end:
        page = await _next_page(consumer, place)
        start = page[-1].offset + 1
        yield [one for one in page if one.offset < end]


async def _next_page(consumer: AIOKafkaConsumer, place: TopicPartition) -> list[KafkaRecord]:
    async with asyncio.timeout(READ_WITHIN):
        while True:
            page = (await consumer.getmany(place, timeout_ms=200)).get(place)
            if page:
                return list(page)


async def _last_own(consumer: AIOKafkaConsumer, place: TopicPartition, end: int, service: str) -> Place | None:
    found = None
    start = max(0, end - LOOK_BACK, (await consumer.beginning_offsets([place]))[place])
    async for page in read_between(consumer, place, start, end):
        for one in page:
            found = own_commit(one, service) or found
    return found


def own_commit(record: KafkaRecord, service: str) -> Place | None:
    """The commit a record speaks of, if it is a readable record of the service's own."""
    try:
        event = from_record(record.key, record.value, record.headers)
    except (Unreadable, UnknownType):
        return None
    return (event.commit, event.epoch) if event.service == service else None


async def _held(database: AsyncDatabase[dict[str, Any]], wanted: set[Place]) -> set[Place]:
    found = durable(database, COMMITS).find({"_id": {"$in": [id_ for id_, _ in wanted]}}, {"epoch": 1})
    return {(one["_id"], one["epoch"]) async for one in found}
