"""Processes that write the audit die without warning: nothing acknowledged is lost, and what there is verifies."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.surroundings import inherited
from shared.access.audit.chain import sealed
from shared.access.audit.heads import Heads
from shared.access.audit.log import COLLECTION, AuditLog
from shared.access.audit.publishing import HeadsFile, heads_path
from shared.access.audit.reading import from_file
from shared.access.audit.spool import SpooledAudit, spool_path
from shared.access.audit.verifying import verify
from shared.runtime.clock import SystemClock
from shared.testing.running import running
from tests.access.audited import KEY, SERVICE, entry

KILLS = 6


@pytest.fixture
def command(mongo, database, tmp_path):
    """The arguments of a process that works on this test's database and folder."""
    return lambda what: [sys.executable, "-m", "tests.access.audit_writer", what, mongo, database.name, str(tmp_path)]


def killed_after(arguments: list[str], count: int) -> set[str]:
    """Start a process, kill it when it has said so many lines, and return all whole lines it said."""
    checkout = Path(__file__).parents[2]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=checkout, env=inherited()) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        lines += process.stdout.readlines()
    return {line[:-1].decode() for line in lines if line.endswith(b"\n")}


async def verified(database, folder: Path) -> list[str]:
    """What `audit verify` says of the database and the folder's heads."""
    heads = Heads(SERVICE, KEY)
    said: list[str] = []
    from_file(heads, heads_path(folder, SERVICE))
    clean = await verify(database, KEY, heads, service=SERVICE, day=None, say=said.append)
    assert clean, said
    return said


async def test_a_log_whose_writers_are_killed_under_load_is_clean_and_has_all_it_acknowledged(
    command, database, tmp_path
):
    chance = random.Random(7)
    acknowledged: set[str] = set()
    for _ in range(KILLS):
        acknowledged |= killed_after(command("load"), chance.randrange(1, 2_000))

    kept = set(await database[COLLECTION].distinct("content.id"))
    assert len(acknowledged) > KILLS
    assert acknowledged <= kept
    said = await verified(database, tmp_path)
    assert sum("complete up to" in line for line in said) >= 1


async def test_a_process_killed_between_chaining_and_emptying_leaves_nothing_twice(command, database, tmp_path):
    entries = [entry(number, outcome="spooled, admitted") for number in range(5)]
    spool_path(tmp_path, SERVICE).write_bytes(b"".join(sealed(KEY, one.content()) + b"\n" for one in entries))
    for _ in range(2):
        assert killed_after(command("spool"), 1) == {"chained"}

    log = AuditLog(SERVICE, database, KEY, SystemClock(), heads=HeadsFile(tmp_path, SERVICE, KEY))
    async with running(log):
        assert await SpooledAudit(log, tmp_path, SERVICE, KEY).chain() == 5

    contents = [one["content"] async for one in database[COLLECTION].find().sort("content.at")]
    assert contents == [one.content() for one in entries]
    assert spool_path(tmp_path, SERVICE).read_bytes() == b""
