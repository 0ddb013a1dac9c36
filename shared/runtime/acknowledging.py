"""Tells Kafka how far a group has come: after the durable effect, a few times a second, at once when it matters."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from shared.runtime.gauges import LAG
from shared.runtime.record import Record

log = structlog.get_logger()
EVERY = 0.25
"""Seconds. A commit for each small batch cost Kafka more than the batch; what a crash brings again is harmless."""


class Acknowledging:
    """Keeps the next offset of every partition whose records were handled, and commits them."""

    def __init__(self, group: str, consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        self._group = group
        self._consumer = consumer
        self._next: dict[TopicPartition, int] = {}
        self._handled = asyncio.Event()
        self._committing = asyncio.Lock()

    def handled(self, records: Iterable[Record]) -> None:
        """Every effect of `records` is durable."""
        self._next.update({TopicPartition(one.topic, one.partition): one.offset + 1 for one in records})
        self._handled.set()

    async def run(self) -> None:
        """Commit until cancelled. Raises what Kafka raises."""
        while True:
            await self._handled.wait()
            await self.now()
            await asyncio.sleep(EVERY)

    async def now(self) -> None:
        """Commit what was handled. A partition that has gone elsewhere is left to its new reader: it comes again."""
        async with self._committing:
            self._handled.clear()
            consumer, offsets = self._consumer(), self._next
            self._next = {}
            if consumer is None or not offsets:
                return
            try:
                await consumer.commit(offsets)
            except (CommitFailedError, IllegalStateError) as lost:
                log.warning("message.handled", error_code=type(lost).__name__, outcome="not acknowledged, comes again")
                return
            for place, offset in offsets.items():
                if (end := consumer.highwater(place)) is not None:
                    LAG.labels(self._group, place.topic, place.partition).set(end - offset)
