"""Reads what a check needs: entries straight from the database, heads from files and from Kafka, piece by piece."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from shared.access.audit.heads import Heads
from shared.access.audit.log import COLLECTION
from shared.access.audit.publishing import TOPIC
from shared.runtime.durable import durable
from shared.runtime.restore_guard import ends_of, read_between, reader

PIECE = 1_000
"""Entries held at once."""
Database = AsyncDatabase[dict[str, Any]]


def from_file(heads: Heads, path: Path) -> None:
    """Take a file's heads; a last line without its end is just being written. Raises `OSError`."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                heads.take(line[:-1], path.name, number)


async def from_kafka(heads: Heads, servers: str, *, topic: str = TOPIC) -> None:
    """Take the topic's heads from its beginning up to where it ends now. Raises `KafkaError` or `TimeoutError`."""
    async with reader(servers) as consumer:
        for place, end in (await ends_of(consumer, topic)).items():
            start = (await consumer.beginning_offsets([place]))[place]
            async for page in read_between(consumer, place, start, end):
                for record in page:
                    heads.take(record.value or b"", f"{topic}/{place.partition}", record.offset)


async def documents(database: Database, wanted: dict[str, Any], *, order: str = "_id") -> AsyncIterator[bytes]:
    """The log's documents in order of a field, as bytes of BSON. Raises `PyMongoError`."""
    entries: AsyncCollection[Any] = durable(database, COLLECTION)
    async for piece in entries.find_raw_batches(wanted, batch_size=PIECE).sort(order, 1):
        for document in split(piece):
            yield document


def split(piece: bytes) -> Iterator[bytes]:
    """The documents of a piece: each says its length in its first four bytes."""
    start = 0
    while start < len(piece):
        end = start + int.from_bytes(piece[start : start + 4], "little")
        yield piece[start:end]
        start = end


def of_day(service: str, day: str | None) -> dict[str, Any]:
    """Matches the entries of one day's chains; everything, whatever its id looks like, without a day."""
    return {"_id": {"$gte": f"{service}/{day}/", "$lt": f"{service}/{day}0"}} if day else {}


async def doubled(database: Database, wanted: dict[str, Any]) -> int:
    """How many entries stand in two chains, by their ids; counted by the database, on its disk if need be."""
    steps: list[dict[str, Any]] = [
        {"$match": {**wanted, "content.id": {"$type": "string"}}},
        {"$group": {"_id": "$content.id", "times": {"$sum": 1}}},
        {"$match": {"times": {"$gt": 1}}},
        {"$count": "doubled"},
    ]
    found = await (await durable(database, COLLECTION).aggregate(steps, allowDiskUse=True)).to_list()
    return int(found[0]["doubled"]) if found else 0
