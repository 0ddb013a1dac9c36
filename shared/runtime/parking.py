"""Where records wait that could not be handled, with their own bytes, and in the order of their key, for a person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bson.binary import Binary
from pymongo import IndexModel, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.mongo import durable
from shared.runtime.record import Record

Document = dict[str, Any]
Key = tuple[str, bytes]
"""Topic and key: Kafka keeps an order only within these."""
Settled = Literal["redriven", "discarded"]
BEHIND = "behind_parked_key"


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked record, why it is here, and how it stands: open, redriven or discarded."""

    record: Record
    reason: str
    state: str


class Parking:
    """One service's parked records. A key with an open entry holds its later records behind it."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._parked = durable(database, "parked")

    async def ensure_indexes(self) -> None:
        """Create the index that open keys are found by; harmless when it exists."""
        await self._parked.create_indexes(
            [IndexModel([("state", 1), ("key", 1), ("topic", 1), ("partition", 1), ("offset", 1)])]
        )

    async def park(self, records: Sequence[tuple[Record, str]]) -> None:
        """Keep records with their reasons. One that was parked before stays as it is, whatever became of it."""
        if records:
            await self._parked.bulk_write([_insert(record, reason) for record, reason in records], ordered=False)

    async def open_keys(self, keys: Collection[Key] | None = None) -> set[Key]:
        """Those of `keys` that have an open entry; None asks for every such key."""
        wanted: Document = {"state": "open", "key": {"$ne": None}}
        if keys is not None:
            wanted["key"] = {"$in": [Binary(key) for _, key in keys]}
        found = {(one["topic"], bytes(one["key"])) async for one in self._parked.find(wanted, {"topic": 1, "key": 1})}
        return found if keys is None else found & set(keys)

    async def of(self, key: str) -> list[Parked]:
        """A key's open entries in the order in which they must be handled."""
        return await self._found({"state": "open", "key": Binary(key.encode())})

    async def at(self, record_id: str) -> Parked | None:
        """One entry by topic/partition/offset."""
        return next(iter(await self._found({"_id": record_id})), None)

    async def first(self, *, limit: int = 100) -> list[Parked]:
        """The first open entries by place."""
        return await self._found({"state": "open"}, limit=limit)

    async def count(self) -> int:
        """How many entries are open; above zero is an alarm."""
        return await self._parked.count_documents({"state": "open"})

    async def settle(self, record: Record, state: Settled, *, why: str = "") -> None:
        """Close an entry; its bytes are kept."""
        change = {"$set": {"state": state, "settled_because": why}, "$currentDate": {"settled_at": True}}
        await self._parked.update_one({"_id": record.id}, change)

    async def _found(self, wanted: Document, *, limit: int = 0) -> list[Parked]:
        order = [("topic", 1), ("partition", 1), ("offset", 1)]
        return [_parked(one) async for one in self._parked.find(wanted).sort(order).limit(limit)]


def _insert(record: Record, reason: str) -> UpdateOne:
    entry = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": None if record.key is None else Binary(record.key),
        "value": None if record.value is None else Binary(record.value),
        "headers": [[name, None if value is None else Binary(value)] for name, value in record.headers],
        "reason": reason,
        "state": "open",
    }
    return UpdateOne({"_id": record.id}, {"$setOnInsert": entry, "$currentDate": {"last_parked_at": True}}, upsert=True)


def _parked(document: Mapping[str, Any]) -> Parked:
    record = Record(
        topic=document["topic"],
        partition=document["partition"],
        offset=document["offset"],
        key=_bytes(document["key"]),
        value=_bytes(document["value"]),
        headers=tuple((name, _bytes(value)) for name, value in document["headers"]),
    )
    return Parked(record, document["reason"], document["state"])


def _bytes(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)
