"""Erasure against everything that could undo it: caches, races, backups, old master keys."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.clock import new_id
from shared.runtime.master_key import KEY_BYTES, FileMasterKey
from shared.runtime.mongo import durable
from shared.runtime.sealing import Erased, record_id
from shared.runtime.vault import Sweeper, Vault
from shared.runtime.vault_store import Damaged
from shared.testing.clock import HandClock
from shared.testing.running import running

Database = AsyncDatabase[dict[str, Any]]
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
PHONE = {"phone": "07700 900123"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def master(tmp_path: Path) -> FileMasterKey:
    (tmp_path / "key").write_bytes(secrets.token_bytes(KEY_BYTES))
    return FileMasterKey(tmp_path / "key")


@pytest.fixture
async def keys(database: Database) -> AsyncIterator[Database]:
    name = f"{database.name}_keys"
    yield database.client[name]
    await database.client.drop_database(name)


@pytest.fixture
async def vaults(
    database: Database, keys: Database, master: FileMasterKey, clock: HandClock
) -> AsyncIterator[tuple[Vault, Vault]]:
    """Two instances of one service."""
    one, other = (Vault(database, keys, master, clock) for _ in range(2))
    await one.ensure_indexes()
    async with running(one, other):
        yield one, other


async def _seal(vault: Vault, subject: UUID, *, cause: UUID | None = None, index: bool = True) -> UUID:
    record = {"family": "Aurelia-Test"}
    cause = cause or new_id()
    return await vault.seal(subject=subject, stream="case/1", cause=cause, record=record, index=PHONE if index else {})


async def test_another_instance_reads_an_erased_person_for_a_minute_at_most(
    vaults: tuple[Vault, Vault], clock: HandClock
) -> None:
    eraser, reader = vaults
    subject = new_id()
    await _seal(eraser, subject)
    assert await reader.of(subject)
    await eraser.erase(subject)

    assert await eraser.of(subject) == []
    assert await reader.find("phone", PHONE["phone"]) == []
    clock.advance(timedelta(seconds=60))
    assert await reader.of(subject) == []


async def test_an_instance_that_read_her_cannot_write_her_after_the_erasure(vaults: tuple[Vault, Vault]) -> None:
    eraser, writer = vaults
    subject = new_id()
    await _seal(writer, subject)
    assert await writer.of(subject)
    await eraser.erase(subject)

    with pytest.raises(Erased):
        await _seal(writer, subject)


async def test_writes_racing_an_erasure_end_erased(vaults: tuple[Vault, Vault], clock: HandClock) -> None:
    eraser, writer = vaults
    subjects = [new_id() for _ in range(40)]

    async def write(subject: UUID) -> None:
        with contextlib.suppress(Erased):
            await _seal(writer, subject)

    await asyncio.gather(*(act for one in subjects for act in (write(one), eraser.erase(one))))

    clock.advance(timedelta(seconds=61))
    assert [await vault.of(one) for one in subjects for vault in vaults] == [[]] * 80
    assert await writer.find("phone", PHONE["phone"]) == []


async def test_a_backup_of_both_databases_is_erased_again_from_the_journal(
    vaults: tuple[Vault, Vault], database: Database, keys: Database, clock: HandClock
) -> None:
    vault, _ = vaults
    gone, stays = new_id(), new_id()
    for subject in (gone, stays):
        await _seal(vault, subject)
    sealed, wrapped = durable(database, "vault"), durable(keys, "keys")
    records, living = await sealed.find().to_list(), await wrapped.find().to_list()
    await vault.erase(gone)
    for collection, backup in ((sealed, records), (wrapped, living)):  # the restore
        await collection.delete_many({})
        await collection.insert_many(backup)
    await database["vault_erased"].delete_many({})

    assert await vault.reconcile([gone]) == 1
    assert await vault.reconcile([gone]) == 0
    clock.advance(timedelta(seconds=61))
    assert await vault.of(gone) == []
    assert await vault.find("phone", PHONE["phone"]) == [stays]
    assert await sealed.count_documents({"subject": gone, "index": {"$exists": True}}) == 0


async def test_living_people_outlive_a_rotation_and_a_copied_key_does_not(
    vaults: tuple[Vault, Vault], keys: Database, master: FileMasterKey, clock: HandClock
) -> None:
    vault, other = vaults
    lives, gone = new_id(), new_id()
    for subject in (lives, gone):
        await _seal(vault, subject)
    copy = await durable(keys, "keys").find_one({"_id": gone})
    assert copy is not None
    await vault.erase(gone)
    master.rotate()
    assert [await vault.rewrap(), await vault.rewrap()] == [1, 0]
    master.destroy_old()
    clock.advance(timedelta(seconds=61))

    assert await other.of(lives) == [{"family": "Aurelia-Test"}]
    assert await other.find("phone", PHONE["phone"]) == [lives]
    await durable(keys, "keys").insert_one(copy)
    with pytest.raises(Damaged):
        await other.of(gone)


async def test_a_record_moved_to_another_person_does_not_open(vaults: tuple[Vault, Vault], database: Database) -> None:
    vault, _ = vaults
    hers, anothers = new_id(), new_id()
    await _seal(vault, anothers)
    record = await _seal(vault, hers)
    await durable(database, "vault").update_one({"_id": record}, {"$set": {"subject": anothers}})

    with pytest.raises(Damaged):
        await vault.read([record])


async def test_a_damaged_key_fails_nobody_else_in_the_batch(vaults: tuple[Vault, Vault], keys: Database) -> None:
    vault, _ = vaults
    broken, fine = new_id(), new_id()
    await _seal(vault, broken)
    await durable(keys, "keys").update_one({"_id": broken}, {"$set": {"nonce": b"x" * 12}})

    answers = await asyncio.gather(_seal(vault, broken), _seal(vault, fine), return_exceptions=True)

    assert isinstance(answers[0], Damaged)
    assert isinstance(answers[1], UUID)


async def test_the_sweep_keeps_what_was_committed_and_what_is_tried_again(
    vaults: tuple[Vault, Vault], database: Database, clock: HandClock
) -> None:
    vault, _ = vaults
    committed, lost, retried, subject = new_id(), new_id(), new_id(), new_id()
    commits = durable(database, "commits")
    for cause in (committed, lost, retried):
        await _seal(vault, subject, cause=cause)
    await commits.insert_one({"_id": "case/1/1", "stream": "case/1", "causes": [new_id(), committed]})
    assert await vault.sweep(commits) == 0
    clock.advance(timedelta(minutes=61))
    await _seal(vault, subject, cause=retried)

    async with running(Sweeper(vault, commits, every=0.01)), asyncio.timeout(5):
        while await vault.read([record_id("case/1", lost, subject)]):
            await asyncio.sleep(0.01)
    kept = [record_id("case/1", cause, subject) for cause in (committed, retried)]
    assert set(await vault.read(kept)) == set(kept)
    clock.advance(timedelta(minutes=61))
    assert await vault.sweep(commits) == 1
    assert set(await vault.read(kept)) == {kept[0]}


async def test_a_persons_records_come_oldest_first_though_the_clock_stands_still(vaults: tuple[Vault, Vault]) -> None:
    vault, _ = vaults
    subject = new_id()
    for number in range(5):
        await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={"n": number})

    assert [record["n"] for record in await vault.of(subject)] == [0, 1, 2, 3, 4]
