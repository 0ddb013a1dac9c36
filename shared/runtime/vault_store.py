"""Each person's data key: made once, wrapped, in a database of its own, remembered for a minute, destroyed for ever."""

import os
from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from shared.runtime.clock import Clock
from shared.runtime.errors import Unavailable
from shared.runtime.master_key import MasterKey, UnknownMaster
from shared.runtime.mongo import DUPLICATE_KEY, durable

Document = dict[str, Any]
NONCE_BYTES = 12
KEY_CACHED_FOR = timedelta(seconds=60)
"""How long an erased person can still be read by an instance that had her key."""
CACHED_KEYS = 10_000
PAGE = 500


class Damaged(Exception):
    """A key or record does not open: it was changed, moved to another place, or its master key is gone."""


class Keys:
    """Living data keys in `keys`.keys, and whom was erased in `records`.vault_erased."""

    def __init__(
        self, keys: AsyncDatabase[Document], records: AsyncDatabase[Document], master: MasterKey, clock: Clock
    ) -> None:
        self._keys = durable(keys, "keys")
        self._erased = durable(records, "vault_erased")
        self._master = master
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[AESGCM, datetime]] = OrderedDict()

    async def for_sealing(self, subjects: Collection[UUID]) -> dict[UUID, AESGCM | Damaged]:
        """Durable keys, made where missing; erased people have none. Never from memory: an erasure counts at once.

        A damaged key stands in its place, so that it fails nobody else in the batch.
        """
        found = await self._stored(subjects)
        if missing := set(subjects) - found.keys():
            found |= await self._make(missing)
        return found

    async def for_reading(self, subjects: Collection[UUID]) -> dict[UUID, AESGCM]:
        """The keys of those who have one, from memory where they were read within the last minute."""
        fresh_after = self._clock.now() - KEY_CACHED_FOR
        found = {
            subject: known[0]
            for subject in subjects
            if (known := self._known.get(subject)) is not None and known[1] > fresh_after
        }
        if missing := set(subjects) - found.keys():
            asked_at = self._clock.now()
            for subject, cipher in (await self._stored(missing)).items():
                if isinstance(cipher, Damaged):
                    raise cipher
                found[subject] = cipher
                self._remember(subject, cipher, asked_at)
        return found

    async def living(self, subjects: Collection[UUID]) -> set[UUID]:
        """Those who have a key."""
        return {key["_id"] async for key in self._keys.find({"_id": {"$in": list(subjects)}}, {"_id": 1})}

    async def destroy(self, subjects: Collection[UUID]) -> int:
        """Note the erasures, then destroy the keys; returns how many there were. In this order no key is made anew."""
        now = self._clock.now()
        marks = [UpdateOne({"_id": one}, {"$setOnInsert": {"erased_at": now}}, upsert=True) for one in subjects]
        if marks:
            await self._erased.bulk_write(marks, ordered=False)
        for one in subjects:
            self._known.pop(one, None)
        return (await self._keys.delete_many({"_id": {"$in": list(subjects)}})).deleted_count

    async def erased(self) -> list[UUID]:
        """Everybody who was erased."""
        return [one["_id"] async for one in self._erased.find({}, {"_id": 1})]

    async def wrapped_before(self) -> int:
        """How many living keys another master key than the one in force wraps."""
        return await self._keys.count_documents({"master": {"$ne": self._master.id}})

    async def rewrap(self) -> int:
        """Wrap every living key that another master key wraps with the one in force; returns how many there were.

        Keys that other processes make meanwhile are taken by the next call: repeat until it returns 0.
        """
        done, changes = 0, []
        async for key in self._keys.find({"master": {"$ne": self._master.id}}):
            fresh = self._wrapped(key["_id"], self._unwrapped(key))
            place = {"_id": key["_id"], "wrapped": key["wrapped"]}
            changes.append(UpdateOne(place, {"$set": {name: fresh[name] for name in ("master", "nonce", "wrapped")}}))
            if len(changes) == PAGE:
                done += (await self._keys.bulk_write(changes, ordered=False)).modified_count
                changes = []
        if changes:
            done += (await self._keys.bulk_write(changes, ordered=False)).modified_count
        return done

    async def _stored(self, subjects: Iterable[UUID]) -> dict[UUID, AESGCM | Damaged]:
        found = self._keys.find({"_id": {"$in": list(subjects)}})
        return {key["_id"]: self._cipher(key) async for key in found}

    def _cipher(self, key: Document) -> AESGCM | Damaged:
        try:
            return AESGCM(self._unwrapped(key))
        except Damaged as damaged:
            return damaged

    def fresh(self, subjects: Collection[UUID]) -> tuple[dict[UUID, AESGCM], list[Document]]:
        """New keys for people of whom nothing exists yet, and the documents that make them durable (`insert`)."""
        plain = {subject: AESGCM.generate_key(256) for subject in subjects}
        now = self._clock.now()
        made = [self._wrapped(subject, key) | {"made_at": now} for subject, key in plain.items()]
        return {subject: AESGCM(key) for subject, key in plain.items()}, made

    async def insert(self, made: list[Document]) -> set[UUID]:
        """Insert keys; returns those whose key another process made first."""
        try:
            await self._keys.insert_many(made, ordered=False)
        except BulkWriteError as mixed:
            return {made[index]["_id"] for index in repeats(mixed)}
        return set()

    async def _make(self, subjects: set[UUID]) -> dict[UUID, AESGCM | Damaged]:
        """Make keys, then look who was erased meanwhile: either we see it here, or whoever erases sees our key."""
        ciphers, made = self.fresh(subjects)
        lost = await self.insert(made)
        gone = {one["_id"] async for one in self._erased.find({"_id": {"$in": list(subjects)}}, {"_id": 1})}
        if gone:
            await self._keys.delete_many({"_id": {"$in": list(gone)}})
        ours: dict[UUID, AESGCM | Damaged] = {
            subject: cipher for subject, cipher in ciphers.items() if subject not in lost | gone
        }
        return ours | (await self._stored(lost - gone) if lost else {})

    def _wrapped(self, subject: UUID, key: bytes) -> Document:
        nonce, master = os.urandom(NONCE_BYTES), self._master.id
        return {
            "_id": subject,
            "master": master,
            "nonce": nonce,
            "wrapped": self._master.wrap(key, nonce, subject.bytes),
        }

    def _unwrapped(self, key: Document) -> bytes:
        try:
            return self._master.unwrap(key["wrapped"], key["nonce"], key["_id"].bytes, by=key["master"])
        except (InvalidTag, UnknownMaster) as failure:
            raise Damaged(f"key {key['_id']}") from failure

    def _remember(self, subject: UUID, cipher: AESGCM, asked_at: datetime) -> None:
        self._known[subject] = (cipher, asked_at)
        self._known.move_to_end(subject)
        if len(self._known) > CACHED_KEYS:
            self._known.popitem(last=False)


def repeats(mixed: BulkWriteError) -> set[int]:
    """Which documents of an insert were there already.

    Raises `Unavailable` for any other fault: the outcome is then unknown, and the batch is run again.
    """
    errors = mixed.details.get("writeErrors", ())
    if mixed.details.get("writeConcernErrors") or any(error["code"] != DUPLICATE_KEY for error in errors):
        raise Unavailable("the vault did not confirm") from mixed
    return {error["index"] for error in errors}
