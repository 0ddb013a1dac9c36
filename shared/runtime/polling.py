"""Takes the next records from Kafka, past one whose headers the client itself cannot decode.

aiokafka raises in the middle of such a poll: what it had taken from other partitions is gone, though their positions
have moved on, and the partition of the record would raise for ever.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

log = structlog.get_logger()
Records = list[ConsumerRecord[Any, Any]]
SINGLY_MS = 200
"""How long a partition is waited for after going back; records that are there come within a few."""
UNDECODABLE = (("undecodable", None),)
"""The headers of the stand-in; no reader takes it for an event, so it is parked, or paged, by its place."""


class Polling:
    """One stay in a group: where each partition is to be read next, as far as records were handed out."""

    def __init__(self, *, wait_ms: int, most: int) -> None:
        self._wait_ms = wait_ms
        self._most = most
        self._next: dict[TopicPartition, int] = {}

    def assigned(self) -> None:
        """Partitions came or went; what was handed out before says nothing any more."""
        self._next.clear()

    async def __call__(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord[Any, Any], ...]:
        """The next records; one that cannot be decoded comes as a stand-in without key and value."""
        try:
            found = await consumer.getmany(timeout_ms=self._wait_ms, max_records=self._most)
        except UnicodeDecodeError:
            return self._handed_out(await self._around(consumer))
        return self._handed_out(record for records in found.values() for record in records)

    def _handed_out(self, records: Iterable[ConsumerRecord[Any, Any]]) -> tuple[ConsumerRecord[Any, Any], ...]:
        batch = tuple(records)
        self._next.update({TopicPartition(one.topic, one.partition): one.offset + 1 for one in batch})
        return batch

    async def _around(self, consumer: AIOKafkaConsumer) -> Records:
        """Go back to what was handed out last, and read partition by partition."""
        for place in consumer.assignment():
            await self._go_back(consumer, place)
        found: Records = []
        for place in consumer.assignment():
            found += await self._partition(consumer, place)
        return found

    async def _go_back(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
        at = self._next.get(place)
        if at is None:
            at = await consumer.committed(place)
        if at is None:
            await consumer.seek_to_beginning(place)
        else:
            consumer.seek(place, at)

    async def _partition(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> Records:
        """The next records of one partition, singly, as far as they are there.

        What follows in the same batch of the same producer cannot be decoded either: aiokafka reads a batch from its
        start. Each such record has a stand-in of its own.
        """
        found: Records = []
        while len(found) < self._most:
            try:
                more = (await consumer.getmany(place, timeout_ms=SINGLY_MS, max_records=1)).get(place, [])
            except UnicodeDecodeError:
                more = [_stand_in(place, await consumer.position(place))]
                log.error("message.undecodable", topic=place.topic, partition=place.partition, offset=more[0].offset)
                consumer.seek(place, more[0].offset + 1)
            if not more:
                break
            found += more
        return found


def _stand_in(place: TopicPartition, offset: int) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=None,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=UNDECODABLE,
    )
