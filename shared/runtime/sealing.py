"""Makes batches of records durable under each person's key; a person met for the first time costs one round trip."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import ReplaceOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, PyMongoError

from shared.events.ids import BESIDE
from shared.events.refusal import Rejected
from shared.runtime.batch import AGAIN, Again
from shared.runtime.clock import Clock
from shared.runtime.errors import Unavailable
from shared.runtime.vault_store import NONCE_BYTES, Damaged, Keys, repeats

Document = dict[str, Any]
Answer = UUID | Exception | Again
PLACE_BITS = 20
"""A record's place in time is its millisecond and, below it, a count: a million in one millisecond keep their order."""


class Erased(Rejected):
    """The person's key is destroyed: nothing of hers can be written or read any more."""

    def __init__(self) -> None:
        super().__init__("vault.erased", "This person's data was erased; nothing can be kept about her.")


@dataclass(slots=True, eq=False)
class Sealing:
    """One record to be kept, as JSON, about one person, for one input to one stream.

    `new`: the person's id was made for this input, so that no key, record or erasure of hers can exist. It holds for
    one attempt; whether that left anything behind is not known.
    """

    id: UUID
    subject: UUID
    stream: str
    cause: UUID
    plain: bytes
    entries: tuple[str, ...]
    new: bool = False


def record_id(stream: str, cause: UUID, subject: UUID) -> UUID:
    """The same input seals the same record under the same id, however often it is tried."""
    return uuid5(BESIDE, f"vault/{stream}/{cause}/{subject}")


class Sealer:
    """Writes the records of a vault."""

    def __init__(self, records: AsyncCollection[Document], keys: Keys, clock: Clock) -> None:
        self._records = records
        self._keys = keys
        self._clock = clock
        self._last_place = 0

    async def __call__(self, batch: list[Sealing]) -> Sequence[Answer]:
        """Seal a batch; each answer is the record's id once it and its key are durable."""
        new = [one for one in batch if one.new]
        known = [one for one in batch if not one.new]
        answers = dict(zip((*new, *known), await self._seal_both(new, known), strict=True))
        return [answers[one] for one in batch]

    async def _seal_both(self, new: list[Sealing], known: list[Sealing]) -> list[Answer]:
        first, second = await asyncio.gather(self._seal_new(new), self._seal_known(known))
        return [*first, *second]

    async def _seal_new(self, batch: list[Sealing]) -> list[Answer]:
        """Keys and records at once. A record whose key was not confirmed is sealed again, so its order cannot matter.

        Should this process end in between, the record stays unreadable and is swept: no commit needs it.
        """
        for one in batch:
            one.new = False
        if not batch:
            return []
        ciphers, keys = self._keys.fresh({one.subject for one in batch})
        documents = [self._document(one, ciphers[one.subject]) for one in batch]
        done = await asyncio.gather(self._keys.insert(keys), self._keep(documents, {}), return_exceptions=True)
        lost, kept = done
        if isinstance(lost, PyMongoError | Unavailable) or isinstance(kept, PyMongoError | Unavailable):
            return [AGAIN] * len(batch)
        if isinstance(lost, BaseException):
            raise lost
        if isinstance(kept, BaseException):
            raise kept
        return [one.id if one.id in kept and one.subject not in lost else AGAIN for one in batch]

    async def _seal_known(self, batch: list[Sealing]) -> list[Answer]:
        try:
            ciphers = await self._keys.for_sealing({one.subject for one in batch}) if batch else {}
            documents: dict[UUID, Document] = {}
            for one in batch:
                cipher = ciphers.get(one.subject)
                if isinstance(cipher, AESGCM) and one.id not in documents:
                    documents[one.id] = self._document(one, cipher)
            kept = await self._keep(list(documents.values()), ciphers)
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
            "sealed": cipher.encrypt(nonce, one.plain, binding(one.id, one.subject)),
        }
        if one.entries:
            document["index"] = list(one.entries)
        return document

    async def _keep(self, documents: list[Document], ciphers: dict[UUID, AESGCM | Damaged]) -> set[UUID]:
        """Insert the records; one that is there stays as it is if it opens. Returns those that are durable now."""
        if not documents:
            return set()
        try:
            await self._records.insert_many(documents, ordered=False)
        except BulkWriteError as mixed:
            there = {documents[index]["_id"]: documents[index] for index in repeats(mixed)}
            return {document["_id"] for document in documents} - (there.keys() - await self._confirm(there, ciphers))
        return {document["_id"] for document in documents}

    async def _confirm(self, again: dict[UUID, Document], ciphers: dict[UUID, AESGCM | Damaged]) -> set[UUID]:
        """Of records that were there already, those that are there still and open with their person's key."""
        stored = await self._records.find({"_id": {"$in": list(again)}}).to_list()
        changes: list[ReplaceOne[Document] | UpdateOne] = []
        for one in stored:
            here = {"_id": one["_id"], "nonce": one["nonce"], "pending": True}
            if opens(one, ciphers.get(one["subject"])):
                changes.append(UpdateOne(here, {"$set": {"sealed_at": self._clock.now()}}))
            else:  # sealed with a key that never was durable, by an attempt whose outcome was lost
                changes.append(ReplaceOne(here, again[one["_id"]]))
        if changes:
            await self._records.bulk_write(changes, ordered=False)
        still = await self._records.find({"_id": {"$in": list(again)}}, {"_id": 1}).to_list()
        return {one["_id"] for one in still}


def binding(record: UUID, subject: UUID) -> bytes:
    """What a ciphertext belongs to: copied to another record or person, it does not open."""
    return record.bytes + subject.bytes


def opened(document: Document, cipher: AESGCM) -> bytes:
    """A stored record's JSON. Raises `InvalidTag` when it is not this person's or another key's."""
    return cipher.decrypt(document["nonce"], document["sealed"], binding(document["_id"], document["subject"]))


def opens(document: Document, cipher: AESGCM | Damaged | None) -> bool:
    """Whether a stored record can be read with this key."""
    if not isinstance(cipher, AESGCM):
        return True  # nothing better to put in its place
    try:
        opened(document, cipher)
    except InvalidTag:
        return False
    return True


def _answer(one: Sealing, cipher: AESGCM | Damaged | None, kept: set[UUID]) -> Answer:
    if cipher is None:
        return Erased()
    if isinstance(cipher, Damaged):
        return cipher
    return one.id if one.id in kept else AGAIN
