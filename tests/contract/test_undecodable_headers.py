"""Bytes in a header's name that are no text: aiokafka raises over them, and no other record may pay for it. # S3"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.runtime.consumer import Consumer
from shared.runtime.parking import Parking
from shared.runtime.record import Handle
from shared.testing.running import running
from tests.runtime.messaging.made import Handled, committed, eventually, named, sent, write, writer

Make = Callable[..., Consumer]


@pytest.fixture
async def parking(database: Any) -> Parking:
    parking = Parking(database)
    await parking.ensure_indexes()
    return parking


@pytest.fixture
def consumer(kafka: str, parking: Parking) -> Make:
    """Makes a consumer of the service triage in a group of the test's own."""
    group = f"triage-{secrets.token_hex(4)}"

    def make(topics: Sequence[str], handle: Handle, **more: Any) -> Consumer:
        return Consumer("triage", kafka, group, topics, handle, parking, **more)

    return make


class NoText(str):
    """A header's name whose bytes are no UTF-8; only a client that means harm, or is broken, writes one."""

    def encode(self, *_how: Any) -> bytes:
        return b"\xff\xfe"


async def write_undecodable(kafka: str, topic: str, partition: int) -> None:
    """A good event and one that aiokafka itself cannot decode, in one batch of one partition."""
    async with writer(kafka) as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 16_384)  # the faster one knows only text
        for version, headers in ((1, []), (2, [(NoText("x"), b"x")])):
            event = sent("her", version)
            batch.append(key=event.key, value=event.value, timestamp=None, headers=[*headers, *event.headers])
        await (await producer.send_batch(batch, topic, partition=partition))


async def test_a_header_name_that_is_no_text_costs_its_own_record_and_no_other(kafka, topic, consumer, parking):
    name = await topic()
    partition = await partition_of(kafka, name, "her")
    others = [sent(f"case {number}") for number in range(200)]
    await write(kafka, name, others[:100])
    await write_undecodable(kafka, name, partition)
    await write(kafka, name, [*others[100:], sent("him", 1)])
    handled = Handled()
    reader = consumer([name], handled)
    async with running(reader):
        await eventually(lambda: is_(committed(kafka, reader.group, name), 203), within=60)

    assert handled.versions("her") == [1]
    assert handled.versions("him") == [1]
    assert len(handled.events) == 202
    (parked,) = await parking.first()
    assert parked.record.partition == partition
    assert parked.record.value is None


async def test_a_signal_whose_header_name_is_no_text_is_itself_a_page(kafka, topic, consumer, parking):
    name = await topic()
    told: list[Any] = []

    async def tell(record: Any) -> None:
        told.append((record.topic, record.offset))

    await write_undecodable(kafka, name, 0)
    async with running(consumer([name], Handled(), on_unreadable=tell)):
        await eventually(lambda: told)
    assert told == [(name, 1)]


async def partition_of(kafka: str, topic: str, case: str) -> int:
    """Where the events of a case go."""
    async with writer(kafka) as producer:
        places = sorted(await producer.partitions_for(topic))
        return int(DefaultPartitioner()(str(named(case)).encode(), places, places))


async def is_(found: Any, wanted: Any) -> bool:
    return bool(await found == wanted)
