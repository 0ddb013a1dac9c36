"""The floor under "POST to recommendation": the same bytes over two bare Kafka hops, produced and consumed by hand."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.open_loop import Spread, open_loop, spread

FIRST, SECOND = "floor.first", "floor.second"
PARTITIONS = 12
VALUE = b"x" * 700


@asynccontextmanager
async def _producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=1)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def _consumer(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer.topics()
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        yield consumer
    finally:
        await consumer.stop()


async def make_topics(bootstrap: str) -> None:
    """Create the floor's two topics; harmless when they exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (FIRST, SECOND)])
    finally:
        await admin.close()


async def measure(bootstrap: str, rate: float, seconds: float) -> Spread:
    """Durations from the intended send to the second consumer's sight, at `rate` a second."""
    arrived: dict[bytes, float] = {}

    async def hop(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        async for record in consumer:
            await producer.send(SECOND, record.value, key=record.key)

    async def watch(consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            arrived[record.key] = time.monotonic()

    async with (
        _producer(bootstrap) as sender,
        _producer(bootstrap) as forwarder,
        _consumer(bootstrap, FIRST) as first,
        _consumer(bootstrap, SECOND) as second,
    ):
        tasks = [asyncio.create_task(hop(first, forwarder)), asyncio.create_task(watch(second))]
        sent: dict[bytes, float] = {}

        async def start(number: int, intended: float) -> None:
            key = str(number).encode()
            sent[key] = intended
            await sender.send(FIRST, VALUE, key=key)

        await open_loop(rate, seconds, start)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while len(arrived) < len(sent):
                    await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return spread([arrived[key] - at for key, at in sent.items() if key in arrived])
