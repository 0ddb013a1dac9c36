"""Everywhere a running stack writes: topics, databases, logs, figures, pages. Read with bare clients, byte for byte."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from deploy.local.testing import LocalStack

Written = tuple[str, bytes]
"""Where something stands, and its bytes."""
INTERNAL = frozenset({"admin", "config", "local"})


async def everything(stack: LocalStack) -> list[Written]:
    """All that the stack has written so far."""
    found = [*logs(stack.logs), *(await figures(stack))]
    found += [one async for one in topics(stack.kafka)]
    found += [one async for one in databases(stack.mongo)]
    return found


def logs(folder: Path) -> Iterator[Written]:
    """Each process's log."""
    for file in sorted(folder.glob("*.log")):
        yield f"log {file.name}", file.read_bytes()


async def figures(stack: LocalStack) -> list[Written]:
    """Metrics of every service; the mails and webhooks that were sent."""
    addresses = {f"metrics {name}": f"{url}/metrics" for name, url in stack.urls.items()}
    addresses |= {name: stack.described[name] for name in ("mail", "webhooks")}
    async with httpx.AsyncClient(trust_env=False) as client:
        return [(name, (await client.get(url)).raise_for_status().content) for name, url in addresses.items()]


async def topics(bootstrap: str) -> AsyncIterator[Written]:
    """Every record of every topic, those of consumer groups included: key, headers and value."""
    # From the start by setting alone: seeking there races with the reset to the end that `assign` begins otherwise,
    # and a partition for which the latter wins would look empty.
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = await partitions(bootstrap)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                for one in records:
                    headers = b"\n".join(name.encode() + b"\n" + (value or b"") for name, value in one.headers)
                    yield f"topic {place.topic}", b"\n".join([one.key or b"", headers, one.value or b""])
    finally:
        await consumer.stop()


async def partitions(bootstrap: str) -> list[TopicPartition]:
    """Every partition of every topic the broker has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(await admin.list_topics())
    finally:
        await admin.close()
    return [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]


async def databases(url: str) -> AsyncIterator[Written]:
    """Every document of every collection as it is stored, the vaults' included: what is sealed shows nothing."""
    async with AsyncMongoClient[RawBSONDocument](url, document_class=RawBSONDocument) as client:
        for database in set(await client.list_database_names()) - INTERNAL:
            for name in await client[database].list_collection_names():
                async for document in client[database][name].find():
                    yield f"collection {database}.{name}", bytes(document.raw)
