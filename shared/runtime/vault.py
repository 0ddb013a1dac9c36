"""Keeps what identifies a person, and every free text, encrypted under a key of that person's own.

Keys are durable before the records that need them, records before the commit. Destroying the key is the erasure.
"""

import os
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.events.ids import BESIDE
from shared.runtime.batch import AGAIN, Again, GroupCommit
from shared.runtime.blind_index import BlindIndex
from shared.runtime.clock import Clock
from shared.runtime.errors import Unavailable
from shared.runtime.master_key import MasterKey
from shared.runtime.mongo import DUPLICATE_KEY, durable

Document = dict[str, Any]
NONCE_BYTES = 12
KEY_CACHED_FOR = timedelta(seconds=60)
CACHED_KEYS = 10_000
SEAL_WITHIN_S = 4.0


class Erased(Exception):
    """The person's key is destroyed: nothing of hers can be written or read any more."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """One record to be kept, about one person, for one input to one stream."""

    subject: UUID
    stream: str
    cause: UUID
    record: Mapping[str, Any]
    index: Mapping[str, str]

    @property
    def id(self) -> UUID:
        """The same input seals the same record under the same id, however often it is tried."""
        return uuid5(BESIDE, f"vault/{self.stream}/{self.cause}/{self.subject}")


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
        self._keys: AsyncCollection[Document] = durable(keys, "keys")
        self._erased: AsyncCollection[Document] = durable(records, "vault_erased")
        self._master = master
        self._index = BlindIndex(master.derived("blind-index"))
        self._clock = clock
        self._opened: OrderedDict[UUID, tuple[AESGCM, datetime]] = OrderedDict()
        self._queue: GroupCommit[Sealing, UUID] = GroupCommit(self._seal_all, name="vault")

    async def ensure_indexes(self) -> None:
        """Create the vault's indexes; harmless when they exist."""
        await self._records.create_indexes(
            [IndexModel("subject"), IndexModel("index", sparse=True), IndexModel("sealed_at")]
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

        `index` maps index names to values by which the person can be found again. Raises `Unavailable`,
        `Overloaded`, or `Erased`.
        """
        sealing = Sealing(subject, stream, cause, record, index or {})
        return await self._queue.submit(sealing, within=SEAL_WITHIN_S)

    async def read(self, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
        """The records with these ids that can still be read."""
        found = await self._records.find({"_id": {"$in": list(ids)}}).to_list(None)
        return await self._open(found)

    async def of(self, subject: UUID) -> list[dict[str, Any]]:
        """Everything kept about a person, oldest first; nothing once she is erased."""
        found = await self._records.find({"subject": subject}).sort([("sealed_at", 1), ("_id", 1)]).to_list(None)
        opened = await self._open(found)
        return [opened[document["_id"]] for document in found if document["_id"] in opened]

    async def find(self, name: str, value: str) -> list[UUID]:
        """The people whose records carry this value."""
        entry = self._index.entry(name, value)
        found: list[UUID] = await self._records.distinct("subject", {"index": entry})
        return found

    async def erase(self, subject: UUID) -> None:
        """Destroy the person's key and index entries; the fact that she was erased stays, to be applied again."""
        now = self._clock.now()
        await self._erased.update_one({"_id": subject}, {"$setOnInsert": {"erased_at": now}}, upsert=True)
        await self._keys.delete_one({"_id": subject})
        await self._records.update_many({"subject": subject}, {"$unset": {"index": ""}})
        self._opened.pop(subject, None)

    async def reconcile(self) -> int:
        """Erase again whoever a restored backup brought back; returns how many keys had returned."""
        again = 0
        async for gone in self._erased.find({}):
            again += (await self._keys.delete_one({"_id": gone["_id"]})).deleted_count
            await self._records.update_many({"subject": gone["_id"]}, {"$unset": {"index": ""}})
            self._opened.pop(gone["_id"], None)
        return again

    async def sweep(self, committed: AsyncCollection[Document], *, older_than: timedelta = timedelta(hours=1)) -> int:
        """Delete records whose input never reached the journal; returns how many."""
        swept = 0
        async for document in self._records.find({"sealed_at": {"$lt": self._clock.now() - older_than}}):
            place = {"stream": document["stream"], "causes": document["cause"]}
            if await committed.find_one(place, {"_id": 1}) is None:
                swept += (await self._records.delete_one({"_id": document["_id"]})).deleted_count
        return swept

    async def _seal_all(self, batch: list[Sealing]) -> Sequence[UUID | Exception | Again]:
        try:
            ciphers = await self._ciphers({one.subject for one in batch}, create=True)
            sealed = [(one, ciphers.get(one.subject)) for one in batch]
            await self._insert([self._document(one, cipher) for one, cipher in sealed if cipher is not None])
        except (PyMongoError, Unavailable):
            return [AGAIN] * len(batch)
        return [one.id if cipher is not None else Erased() for one, cipher in sealed]

    def _document(self, one: Sealing, cipher: AESGCM) -> Document:
        nonce = os.urandom(NONCE_BYTES)
        document: Document = {
            "_id": one.id,
            "subject": one.subject,
            "stream": one.stream,
            "cause": one.cause,
            "sealed_at": self._clock.now(),
            "nonce": nonce,
            "sealed": cipher.encrypt(nonce, orjson.dumps(dict(one.record)), _binding(one.id, one.subject)),
        }
        if entries := self._index.entries(one.index):
            document["index"] = entries
        return document

    async def _insert(self, documents: list[Document]) -> None:
        distinct = list({document["_id"]: document for document in documents}.values())
        if not distinct:
            return
        try:
            await self._records.insert_many(distinct, ordered=False)
        except BulkWriteError as mixed:
            _only_repeats(mixed)

    async def _open(self, documents: Sequence[Document]) -> dict[UUID, dict[str, Any]]:
        ciphers = await self._ciphers({document["subject"] for document in documents}, create=False)
        return {
            document["_id"]: orjson.loads(
                cipher.decrypt(document["nonce"], document["sealed"], _binding(document["_id"], document["subject"]))
            )
            for document in documents
            if (cipher := ciphers.get(document["subject"])) is not None
        }

    async def _ciphers(self, subjects: set[UUID], *, create: bool) -> dict[UUID, AESGCM]:
        """Each person's cipher: remembered for a minute, else opened, else (for writing) made and stored first."""
        fresh_after = self._clock.now() - KEY_CACHED_FOR
        found = {
            subject: self._opened[subject][0]
            for subject in subjects
            if subject in self._opened and self._opened[subject][1] > fresh_after
        }
        missing = subjects - found.keys()
        if create and missing:
            await self._make_keys(missing)
        if missing:
            async for key in self._keys.find({"_id": {"$in": list(missing)}}):
                opened = AESGCM(self._master.unwrap(key["wrapped"], key["nonce"], key["_id"].bytes))
                found[key["_id"]] = opened
                self._remember(key["_id"], opened)
        return found

    async def _make_keys(self, subjects: set[UUID]) -> None:
        gone = {one["_id"] async for one in self._erased.find({"_id": {"$in": list(subjects)}}, {"_id": 1})}
        made = [self._wrapped(subject) for subject in subjects - gone]
        if not made:
            return
        try:
            await self._keys.insert_many(made, ordered=False)
        except BulkWriteError as mixed:
            _only_repeats(mixed)

    def _wrapped(self, subject: UUID) -> Document:
        nonce = os.urandom(NONCE_BYTES)
        wrapped = self._master.wrap(AESGCM.generate_key(256), nonce, subject.bytes)
        return {
            "_id": subject,
            "master": self._master.id,
            "nonce": nonce,
            "wrapped": wrapped,
            "made_at": self._clock.now(),
        }

    def _remember(self, subject: UUID, cipher: AESGCM) -> None:
        self._opened[subject] = (cipher, self._clock.now())
        self._opened.move_to_end(subject)
        if len(self._opened) > CACHED_KEYS:
            self._opened.popitem(last=False)


def _binding(record: UUID, subject: UUID) -> bytes:
    return record.bytes + subject.bytes


def _only_repeats(mixed: BulkWriteError) -> None:
    """Pass over duplicates, which an earlier try stored; anything else leaves the outcome unknown."""
    errors = mixed.details.get("writeErrors", ())
    if mixed.details.get("writeConcernErrors") or any(error["code"] != DUPLICATE_KEY for error in errors):
        raise Unavailable("the vault did not confirm") from mixed
