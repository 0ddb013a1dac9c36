"""An independent listener on Kafka: when did each case's recommendation become visible to somebody else?"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.topics import FILE, load

RECOMMENDED = b"triage.recommended.v1"


class Watch:
    """Arrival times (monotonic seconds) of recommendations by case id, first arrival only."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self._changed = asyncio.Condition()

    async def note(self, case: str) -> None:
        """A recommendation for `case` has arrived."""
        self.seen.setdefault(case, time.monotonic())
        async with self._changed:
            self._changed.notify_all()

    async def until(self, cases: set[str], within_s: float) -> set[str]:
        """Wait for all of `cases`; returns those that did not arrive in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: cases <= self.seen.keys())
        return cases - self.seen.keys()


@asynccontextmanager
async def watching(bootstrap: str, topic: str = "triage.events") -> AsyncIterator[Watch]:
    """Listen to `topic` from its end, outside every consumer group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in range(load(FILE.read_text())[topic].partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    watch = Watch()
    listening = asyncio.create_task(_listen(consumer, watch))
    try:
        yield watch
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await consumer.stop()


async def _listen(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    async for record in consumer:
        headers = dict(record.headers)
        if headers.get("ce_type") == RECOMMENDED:
            await watch.note(headers["ce_subject"].decode())
