"""Keeps what identifies a person, and every free text, encrypted under a key of that person's own.

Key and record are durable before the commit that needs them. Destroying the key is the erasure.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.runtime.batch import BatchLimits, GroupCommit
from shared.runtime.blind_index import BlindIndex
from shared.runtime.clock import Clock
from shared.runtime.errors import TooLarge
from shared.runtime.master_key import MasterKey
from shared.runtime.mongo import durable, unavailable
from shared.runtime.sealing import Sealer, Sealing, opened, record_id
from shared.runtime.vault_store import PAGE, Damaged, Keys

log = structlog.get_logger()
Document = dict[str, Any]
SEAL_WITHIN_S = 4.0
LARGEST_RECORD = 1_000_000
UNCOMMITTED_FOR = timedelta(hours=1)
SWEEP_EVERY_S = 600.0


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
        sealer = Sealer(self._records, self._keys, clock)
        limits = BatchLimits(flights=2)
        self._queue: GroupCommit[Sealing, UUID] = GroupCommit(sealer, limits=limits, name="vault")

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
        new: bool = False,
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
        sealing = Sealing(record_id(stream, cause, subject), subject, stream, cause, plain, entries, new)
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

    async def wrapped_before(self) -> int:
        """How many living keys an older master key wraps still. Raises `Unavailable`."""
        with _reaching():
            return await self._keys.wrapped_before()

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
        record: dict[str, Any] = orjson.loads(opened(document, cipher))
    except InvalidTag as failure:
        raise Damaged(f"record {document['_id']}") from failure
    return record


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except PyMongoError as failure:
        raise unavailable(failure) from failure
