"""The vault on real MongoDB: sealed once, readable by its owner, found blindly, gone when the key is destroyed."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.clock import SystemClock, new_id
from shared.runtime.master_key import FileMasterKey
from shared.runtime.mongo import durable
from shared.runtime.sealing import Erased
from shared.runtime.vault import Vault

Database = AsyncDatabase[dict[str, Any]]
NAME, NUMBER = "Aurelia-Test", "999 070 4848"


@pytest.fixture
def master(tmp_path: Path) -> FileMasterKey:
    (tmp_path / "key").write_bytes(secrets.token_bytes(32))
    return FileMasterKey(tmp_path / "key")


@pytest.fixture
async def vault(database: Database, master: FileMasterKey) -> AsyncIterator[Vault]:
    vault = Vault(database, database.client[f"{database.name}_keys"], master, SystemClock())
    await vault.ensure_indexes()
    running = asyncio.create_task(vault.run())
    yield vault
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await database.client.drop_database(f"{database.name}_keys")


async def _stored_text(database: Database) -> str:
    names = await database.list_collection_names()
    return str([document for name in names for document in await database[name].find().to_list()])


async def test_sealed_record_is_read_back_and_stands_nowhere_in_the_clear(vault: Vault, database: Database) -> None:
    subject = new_id()
    kept = await vault.seal(
        subject=subject, stream=f"case/{subject}", cause=new_id(), record={"family": NAME}, index={"nhs_number": NUMBER}
    )

    assert (await vault.read([kept]))[kept] == {"family": NAME}
    assert await vault.of(subject) == [{"family": NAME}]
    text = await _stored_text(database)
    assert NAME not in text
    assert NUMBER.replace(" ", "") not in text


async def test_sealing_the_same_input_again_keeps_the_first_record(vault: Vault) -> None:
    subject, cause = new_id(), new_id()
    for word in ("first", "second"):
        await vault.seal(subject=subject, stream="case/1", cause=cause, record={"word": word})

    assert await vault.of(subject) == [{"word": "first"}]


@pytest.mark.parametrize("written", ["9990704848", "999-070-4848", " 999 070 4848 "])
async def test_person_is_found_by_any_writing_of_her_number(vault: Vault, written: str) -> None:
    subject = new_id()
    await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={}, index={"nhs_number": NUMBER})

    assert await vault.find("nhs_number", written) == [subject]


async def test_erased_person_is_unreadable_unfindable_and_cannot_be_written_again(vault: Vault) -> None:
    gone, other = new_id(), new_id()
    for subject in (gone, other):
        await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={}, index={"phone": "07700 900123"})
    await vault.erase(gone)

    assert await vault.of(gone) == []
    assert await vault.find("phone", "+44 7700 900123") == [other]
    with pytest.raises(Erased):
        await vault.seal(subject=gone, stream="case/1", cause=new_id(), record={})


async def test_restored_key_of_an_erased_person_is_destroyed_again(vault: Vault, database: Database) -> None:
    subject = new_id()
    await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={"family": NAME})
    keys = durable(database.client[f"{database.name}_keys"], "keys")
    backup = await keys.find_one({"_id": subject})
    assert backup is not None
    await vault.erase(subject)
    await keys.insert_one(backup)

    assert await vault.reconcile() == 1
    assert await vault.of(subject) == []


async def test_record_whose_input_never_reached_the_journal_is_swept(vault: Vault, database: Database) -> None:
    subject = new_id()
    await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={})

    assert await vault.sweep(durable(database, "commits"), older_than=timedelta(seconds=-1)) == 1
    assert await vault.of(subject) == []


async def test_many_callers_are_sealed_together(vault: Vault) -> None:
    subjects = [new_id() for _ in range(200)]
    await asyncio.gather(
        *(vault.seal(subject=one, stream="case/1", cause=new_id(), record={"n": str(one)}) for one in subjects)
    )

    assert [await vault.of(one) for one in subjects] == [[{"n": str(one)}] for one in subjects]
