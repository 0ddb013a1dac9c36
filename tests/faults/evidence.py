"""Collects what a campaign leaves behind: raw journal documents and raw Kafka records, read with bare clients."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient

from tests.faults.checker import Record

SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")
TOPICS = (*(f"{service}.events" for service in SERVICES), "safeguarding.signals")
PARTITIONS = 12
STANDARD: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD, tz_aware=True)


async def journals(url: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Every commit document of every service, ids as text."""
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        return {
            service: [
                _plain(document)
                async for document in client.get_database(service, codec_options=STANDARD)["commits"].find()
            ]
            for service in SERVICES
        }


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    events = [{**entry, "case": str(entry["case"]) if entry.get("case") else None} for entry in document["events"]]
    return {**document, "causes": [str(cause) for cause in document["causes"]], "events": events}


async def records(bootstrap: str) -> list[Record]:
    """Every record of every topic, from the first to the last there is now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        found: list[Record] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found += [_record(one) for one in batch]
        return found
    finally:
        await consumer.stop()


def _record(one: Any) -> Record:
    headers = {name: value.decode() for name, value in one.headers}
    return Record(one.topic, one.partition, one.offset, one.key.decode(), headers, one.value)
