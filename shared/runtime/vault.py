"""Keeps what identifies a person, and every free text, encrypted under a key of that person's own.

Keys are durable before the records that need them, records before the commit. Destroying the key is the erasure.
"""

import asyncio
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.events.ids import BESIDE
from shared.events.refusal import Rejected
from shared.runtime.batch import AGAIN, Again, GroupCommit
from shared.runtime.blind_index import BlindIndex
from shared.runtime.clock import Clock
from shared.runtime.errors import TooLarge, Unavailable
from shared.runtime.master_key import MasterKey
from shared.runtime.mongo import durable, unavailable
from shared.runtime.vault_store import NONCE_BYTES, PAGE, Damaged, Keys, repeats

log = structlog.get_logger()
Document = dict[str, Any]
SEAL_WITHIN_S = 4.0
LARGEST_RECORD = 1_000_000
UNCOMMITTED_FOR = timedelta(hours=1)
SWEEP_EVERY_S = 600.0
PLACE_BITS = 20
"""A record's place in time is its millisecond and, below it, a count: a million in one millisecond keep their order."""


class Erased(Rejected):
    """The person's key is destroyed: nothing of hers can be written or read any more."""

    def __init__(self) -> None:
        super().__init__("vault.erased", "This person's data was erased; nothing can be kept about her.")


@dataclass(frozen=True, slots=True)
class Sealing:
    """One record to be kept, as JSON, about one person, for one input to one stream."""

    id: UUID
    subject: UUID
    stream: str
    cause: UUID
    plain: bytes
    entries: tuple[str, ...]


def record_id(stream: str, cause: UUID, subject: UUID) -> UUID:
    """The same input seals the same record under the same id, however often it is tried (DESIGN 6)."""
    return uuid5(BESIDE, f"vault/{stream}/{cause}/{subject}")


class Vault:
    """A service's vault: records in its own database, keys in another one with shorter backups. A Part."""

    def __init__(
        self,
        records: AsyncDatabase[Document],
        keys: AsyncDatabase[Document],
        master: MasterKey,
        clock: Clock,
    ) -> None:
        self.name = "vault"
        self._records: AsyncCollection[Document] = durable(records, "vault")
        self._keys = Keys(keys, records, master, clock)
        self._index = BlindIndex(master.derived("blind-index"))
        self._clock = clock
        self._last_place = 0
        self._queue: GroupCommit[Sealing, UUID] = GroupCommit(self._seal_all, name="vault")

    async def ensure_indexes(self) -> None:
        """Create the vault's indexes; harmless when they exist."""
        waiting = {"pending": True}
        await self._records.create_indexes(
            [
                IndexModel("subject"),
                IndexModel("index", sparse=True),
                IndexModel("sealed_at", partialFilterExpression=waiting),
            ]
        )

    async def run(self) -> None:
        """Seal batches until cancelled."""
        await self._queue.run()

    async def seal(
        self,
        *,
        subject: UUID,
        stream: str,
        cause: UUID,
        record: Mapping[str, Any],
        index: Mapping[str, str] | None = None,
    ) -> UUID:
        """Keep `record` (JSON values) about `subject`; durable on return. Returns the record's id.

        `stream` and `cause` are those of the input whose commit will need it: a record whose cause is in no commit of
        that stream after an hour is swept away. Sealing the same input again keeps the first record. `index` maps names
        (`nhs_number`, `phone`, `postcode`, `birth_date` with `family`) to values by which the person can be found.
        Raises `Unavailable`, `Overloaded`, `TooLarge` or `Erased`.
        """
        plain = orjson.dumps(dict(record))
        if len(plain) > LARGEST_RECORD:
            raise TooLarge("a record is larger than one may be")
        entries = tuple(self._index.entries(index or {}))
        sealing = Sealing(record_id(stream, cause, subject), subject, stream, cause, plain, entries)
        return await self._queue.submit(sealing, within=SEAL_WITHIN_S)

    async def read(self, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
        """The records with these ids that can still be read. Raises `Unavailable`, `Damaged`."""
        with _reaching():
            return await self._open(await self._records.find({"_id": {"$in": list(ids)}}).to_list())

    async def of(self, subject: UUID) -> list[dict[str, Any]]:
        """Everything kept about a person, oldest first; nothing once she is erased. Raises `Unavailable`, `Damaged`."""
        with _reaching():
            found = await self._records.find({"subject": subject}).sort("place").to_list()
            return list((await self._open(found)).values())

    async def find(self, name: str, value: str) -> list[UUID]:
        """The people whose records carry this value, in no order. Raises `Unavailable`."""
        with _reaching():
            found = await self._records.distinct("subject", {"index": self._index.entry(name, value)})
            living = await self._keys.living(found) if found else set()
        return [subject for subject in found if subject in living]

    async def erase(self, subject: UUID) -> None:
        """Destroy the person's key and index entries; the fact that she was erased stays, to be applied again.

        Other instances that read her within the last 60 s can still do so until those are over. Raises `Unavailable`.
        """
        with _reaching():
            await self._erase([subject])

    async def reconcile(self, erased: Collection[UUID] = ()) -> int:
        """Erase again whoever a restored backup brought back; returns how many keys had returned.

        `erased`: people whom the journal says are erased, because the vault's own list may come from the backup too.
        """
        again = 0
        with _reaching():
            everybody = list(dict.fromkeys([*await self._keys.erased(), *erased]))
            for start in range(0, len(everybody), PAGE):
                again += await self._erase(everybody[start : start + PAGE])
        return again

    async def rewrap(self) -> int:
        """Wrap the living keys of an older master key with the one in force; repeat until it returns 0."""
        with _reaching():
            return await self._keys.rewrap()

    async def sweep(self, committed: AsyncCollection[Document], *, older_than: timedelta = UNCOMMITTED_FOR) -> int:
        """Delete records whose input never reached the journal; returns how many. Each record is looked at once."""
        before, swept = self._clock.now() - older_than, 0
        old = {"pending": True, "sealed_at": {"$lt": before}}
        with _reaching():
            while page := await self._records.find(old, {"stream": 1, "cause": 1}).limit(PAGE).to_list():
                taken = await _taken(committed, page)
                kept = [one["_id"] for one in page if (one["stream"], one["cause"]) in taken]
                gone = [one["_id"] for one in page if (one["stream"], one["cause"]) not in taken]
                await self._records.update_many({"_id": {"$in": kept}}, {"$unset": {"pending": ""}})
                # sealed again meanwhile = its input is being tried again: then it is not that old any more
                swept += (await self._records.delete_many({"_id": {"$in": gone}} | old)).deleted_count
        return swept

    async def _erase(self, subjects: list[UUID]) -> int:
        destroyed = await self._keys.destroy(subjects)
        await self._records.update_many({"subject": {"$in": subjects}}, {"$unset": {"index": ""}})
        return destroyed

    async def _seal_all(self, batch: list[Sealing]) -> Sequence[UUID | Exception | Again]:
        try:
            ciphers = await self._keys.for_sealing({one.subject for one in batch})
            documents: dict[UUID, Document] = {}
            for one in batch:
                cipher = ciphers.get(one.subject)
                if isinstance(cipher, AESGCM) and one.id not in documents:
                    documents[one.id] = self._document(one, cipher)
            kept = await self._keep(list(documents.values()))
        except (PyMongoError, Unavailable):
            return [AGAIN] * len(batch)
        return [_answer(one, ciphers.get(one.subject), kept) for one in batch]

    def _document(self, one: Sealing, cipher: AESGCM) -> Document:
        nonce, now = os.urandom(NONCE_BYTES), self._clock.now()
        self._last_place = max(self._last_place + 1, int(now.timestamp() * 1000) << PLACE_BITS)
        document: Document = {
            "_id": one.id,
            "subject": one.subject,
            "stream": one.stream,
            "cause": one.cause,
            "sealed_at": now,
            "place": self._last_place,
            "pending": True,
            "nonce": nonce,
            "sealed": cipher.encrypt(nonce, one.plain, _binding(one.id, one.subject)),
        }
        if one.entries:
            document["index"] = list(one.entries)
        return document

    async def _keep(self, documents: list[Document]) -> set[UUID]:
        """Insert the records; one that is there stays as it is. Returns those that are durable now."""
        if not documents:
            return set()
        try:
            await self._records.insert_many(documents, ordered=False)
        except BulkWriteError as mixed:
            there = {documents[index]["_id"] for index in repeats(mixed)}
            here = {"_id": {"$in": list(there)}}
            await self._records.update_many(here | {"pending": True}, {"$set": {"sealed_at": self._clock.now()}})
            still = {one["_id"] async for one in self._records.find(here, {"_id": 1})}
            return {document["_id"] for document in documents} - (there - still)
        return {document["_id"] for document in documents}

    async def _open(self, documents: Sequence[Document]) -> dict[UUID, dict[str, Any]]:
        ciphers = await self._keys.for_reading({document["subject"] for document in documents})
        return {
            document["_id"]: _opened(document, ciphers[document["subject"]])
            for document in documents
            if document["subject"] in ciphers
        }


class Sweeper:
    """A Part: sweeps the vault at its start and every ten minutes."""

    def __init__(self, vault: Vault, committed: AsyncCollection[Document], *, every: float = SWEEP_EVERY_S) -> None:
        self.name = "vault-sweep"
        self._vault = vault
        self._committed = committed
        self._every = every

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            if swept := await self._vault.sweep(self._committed):
                log.info("vault.swept", count=swept)
            await asyncio.sleep(self._every)


def _answer(one: Sealing, cipher: AESGCM | Damaged | None, kept: set[UUID]) -> UUID | Exception | Again:
    if cipher is None:
        return Erased()
    if isinstance(cipher, Damaged):
        return cipher
    return one.id if one.id in kept else AGAIN


async def _taken(committed: AsyncCollection[Document], page: Sequence[Document]) -> set[tuple[str, UUID]]:
    """Which (stream, cause) of the page are in the journal."""
    wanted = {
        "stream": {"$in": list({one["stream"] for one in page})},
        "causes": {"$in": [one["cause"] for one in page]},
    }
    found = committed.find(wanted, {"stream": 1, "causes": 1})
    return {(commit["stream"], cause) async for commit in found for cause in commit["causes"]}


def _opened(document: Document, cipher: AESGCM) -> dict[str, Any]:
    try:
        plain = cipher.decrypt(document["nonce"], document["sealed"], _binding(document["_id"], document["subject"]))
    except InvalidTag as failure:
        raise Damaged(f"record {document['_id']}") from failure
    opened: dict[str, Any] = orjson.loads(plain)
    return opened


def _binding(record: UUID, subject: UUID) -> bytes:
    """What a ciphertext belongs to: copied to another record or person, it does not open."""
    return record.bytes + subject.bytes


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except PyMongoError as failure:
        raise unavailable(failure) from failure
