"""The `vault` command: steps in the right order change the master key, steps in a deadly order are refused."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.clock import Clock, SystemClock, new_id
from shared.runtime.master_key import KEY_BYTES, FileMasterKey
from shared.runtime.mongo import connect
from shared.runtime.rotation import vault_command
from shared.runtime.vault import Vault
from shared.testing.clock import HandClock
from shared.testing.running import running

Database = AsyncDatabase[dict[str, Any]]


@dataclass
class Kept:
    """A service's vault, and its clients made anew for every command, as a process would."""

    mongo: str
    database: str
    key_file: Path
    clock: Clock

    @property
    def client(self) -> AsyncMongoClient[dict[str, Any]]:
        return self._client

    @property
    def vault(self) -> Vault:
        client = self._client
        return Vault(
            client[self.database], client[f"{self.database}_keys"], FileMasterKey(self.key_file), SystemClock()
        )

    async def typed(self, *words: str) -> tuple[list[str], int]:
        self._client = connect(self.mongo)
        return await vault_command(self, self.key_file, words)


@pytest.fixture
async def kept(mongo: str, database: Database, tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "key").write_bytes(secrets.token_bytes(KEY_BYTES))
    yield Kept(mongo, database.name, tmp_path / "key", HandClock(SystemClock().now()))
    await database.client.drop_database(f"{database.name}_keys")


@pytest.fixture
async def her(kept: Kept, database: Database) -> UUID:
    """Somebody whose record was sealed under the first master key."""
    subject = new_id()
    vault = _instance(kept, database)
    await vault.ensure_indexes()
    async with running(vault):
        await vault.seal(subject=subject, stream="case/1", cause=new_id(), record={"family": "Aurelia-Test"})
    return subject


def _instance(kept: Kept, database: Database) -> Vault:
    keys = database.client[f"{database.name}_keys"]
    return Vault(database, keys, FileMasterKey(kept.key_file), SystemClock())


def _later(kept: Kept) -> None:
    assert isinstance(kept.clock, HandClock)
    kept.clock.advance(timedelta(minutes=30))  # the key file has the time of this machine, which goes on


async def test_the_steps_in_order_leave_everybody_readable(kept: Kept, her: UUID, database: Database) -> None:  # S15
    before = FileMasterKey(kept.key_file).id
    assert (await kept.typed("rotate"))[1] == 0
    lines, _ = await kept.typed("status")
    assert lines[1:] == ["a rotation is under way", "1 keys wrapped by an older master key"]
    assert await kept.typed("rewrap") == (["1 keys rewrapped, none left"], 0)
    _later(kept)
    lines, failed = await kept.typed("destroy-old")

    assert (failed, lines[0].split()[:2]) == (0, ["destroyed", "on"])
    assert FileMasterKey(kept.key_file).id != before
    assert await _instance(kept, database).of(her) == [{"family": "Aurelia-Test"}]


@pytest.mark.parametrize("settled", [False, True])
async def test_a_key_that_somebody_still_needs_is_not_destroyed(
    kept: Kept, her: UUID, database: Database, settled: bool
) -> None:
    await kept.typed("rotate")
    if settled:
        _later(kept)
    else:
        await kept.typed("rewrap")

    lines, failed = await kept.typed("destroy-old")

    assert (failed, lines[0].startswith("refused")) == (1, True)
    assert await _instance(kept, database).of(her) == [{"family": "Aurelia-Test"}]


async def test_a_second_rotation_waits_for_the_first(kept: Kept, her: UUID) -> None:
    await kept.typed("rotate")
    in_force = FileMasterKey(kept.key_file).id

    assert (await kept.typed("rotate"))[1] == 1
    assert FileMasterKey(kept.key_file).id == in_force


async def test_without_a_rotation_there_is_nothing_to_destroy(kept: Kept, her: UUID) -> None:
    assert await kept.typed("destroy-old") == (["no rotation is under way"], 0)


async def test_an_unknown_word_gets_the_usage_and_a_failure(kept: Kept) -> None:
    lines, failed = await kept.typed("burn")
    assert (failed, lines[0].startswith("usage: vault ")) == (1, True)
