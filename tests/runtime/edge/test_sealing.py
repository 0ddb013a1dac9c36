"""A person met for the first time: key and record travel together; whatever is lost on the way, she stays readable."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import AutoReconnect

from shared.runtime.batch import Again
from shared.runtime.clock import SystemClock, new_id
from shared.runtime.commit import Document
from shared.runtime.master_key import KEY_BYTES, FileMasterKey
from shared.runtime.mongo import durable
from shared.runtime.sealing import Sealer, Sealing, record_id
from shared.runtime.vault import Vault
from shared.runtime.vault_store import Keys

Ends = Callable[[], None]


class Losing(Keys):
    """Keys whose next `insert` fails: before anything is written, or after it was, with the answer lost."""

    failing = ""

    async def insert(self, made: list[Document]) -> set[UUID]:
        """Insert, or fail as told, once."""
        failing, self.failing = self.failing, ""
        if failing == "before":
            raise AutoReconnect("lost")
        lost = await super().insert(made)
        if failing == "after":
            raise AutoReconnect("lost")
        return lost


@pytest.fixture
def master(tmp_path: Path) -> FileMasterKey:
    (tmp_path / "key").write_bytes(secrets.token_bytes(KEY_BYTES))
    return FileMasterKey(tmp_path / "key")


@pytest.fixture
async def keys(database: Any, master: FileMasterKey) -> Any:
    name = f"{database.name}_keys"
    yield Losing(database.client[name], database, master, SystemClock())
    await database.client.drop_database(name)


def sealing(word: str = "here", *, new: bool = True) -> Sealing:
    subject, cause = new_id(), new_id()
    plain = f'{{"word": "{word}"}}'.encode()
    return Sealing(record_id("case/1", cause, subject), subject, "case/1", cause, plain, (), new)


async def read(database: Any, master: FileMasterKey, subject: UUID) -> list[dict[str, Any]]:
    """What another instance reads of her."""
    vault = Vault(database, database.client[f"{database.name}_keys"], master, SystemClock())
    return await vault.of(subject)


async def test_new_and_known_people_of_one_batch_are_all_readable(database, master, keys):
    sealer = Sealer(durable(database, "vault"), keys, SystemClock())
    batch = [sealing(), sealing(new=False), sealing()]

    assert await sealer(batch) == [one.id for one in batch]
    assert [await read(database, master, one.subject) for one in batch] == [[{"word": "here"}]] * 3


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_key_whose_answer_was_lost_leaves_no_record_that_cannot_be_read(database, master, keys, lost):
    records = durable(database, "vault")
    sealer = Sealer(records, keys, SystemClock())
    one = sealing()
    keys.failing = lost

    (first,) = await sealer([one])
    assert isinstance(first, Again)
    assert await records.count_documents({"_id": one.id}) == 1, "the record came without its key"

    assert await sealer([one]) == [one.id]
    assert await read(database, master, one.subject) == [{"word": "here"}]
    assert await records.count_documents({}) == 1


async def test_a_committed_record_is_never_replaced_whatever_key_it_has(database, master, keys):
    records = durable(database, "vault")
    sealer = Sealer(records, keys, SystemClock())
    one = sealing()
    keys.failing = "before"
    await sealer([one])
    await records.update_one({"_id": one.id}, {"$unset": {"pending": ""}})
    before = await records.find_one({"_id": one.id})

    await sealer([one])
    assert await records.find_one({"_id": one.id}) == before
