"""The one read that may not wait: kept on this machine when the log does not answer, chained later, once."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from shared.access.audit.chain import Entry, sealed
from shared.access.audit.lines import LineFile
from shared.access.audit.log import AuditLog
from shared.access.audit.publishing import HeadsFile
from shared.access.audit.spool import SpooledAudit, refused_path, spool_path
from shared.access.caller import VISITOR
from shared.access.guard import Admission
from shared.access.reach import Reach
from shared.access.wiring import policy
from shared.runtime.errors import Unavailable
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.running import running_in_memory
from tests.access.audited import AT, KEY, SERVICE, check, entry
from tests.access.uncertain import Entries, Mood

pytestmark = pytest.mark.slow

CARD = Admission(VISITOR, "concern.card", ("concern-1",), "", "admitted", spooled=True)
AWAY: list[Mood] = [("lost", 0)] * 10_000
HANGS: list[Mood] = [("hangs", 0)]


@dataclass
class World:
    """A log, what wraps it, and the database behind it."""

    notes: SpooledAudit
    log: AuditLog
    entries: Entries
    folder: Path
    clock: HandClock

    def kept(self) -> list[tuple[str, int]]:
        """Outcome and time of every entry in the log."""
        return [(one["content"]["outcome"], one["content"]["at"]) for one in self.entries.documents.values()]

    @property
    def spool(self) -> Path:
        return spool_path(self.folder, SERVICE)


def world(
    folder: Path, moods: list[Mood] | None = None, before: "World | None" = None, log_of: type[AuditLog] = AuditLog
) -> World:
    """A process; or the next one on the same disk and database, with a clock that has moved on."""
    entries, clock = before.entries if before else Entries(), HandClock(AT)
    entries.meets(moods or [])
    log = log_of(SERVICE, entries.database, KEY, clock, heads=HeadsFile(folder, SERVICE, KEY))
    return World(SpooledAudit(log, folder, SERVICE, KEY), log, entries, folder, clock)


MILLISECONDS = int(AT.timestamp()) * 1000 + 123


async def test_what_can_be_chained_at_once_is_not_spooled(tmp_path):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        await made.notes.note(CARD)

    assert made.kept() == [("admitted", MILLISECONDS)]
    assert not made.spool.exists()


@pytest.mark.parametrize("moods", [AWAY, HANGS], ids=["away", "hangs"])
async def test_when_the_log_does_not_answer_the_entry_is_on_disk_within_a_second_and_chained_later(tmp_path, moods):
    made = world(tmp_path, moods)
    async with running_in_memory(made.log), asyncio.timeout(1.5):
        await made.notes.note(CARD)
    assert made.kept() == []
    assert made.spool.stat().st_mode & 0o777 == 0o600

    later = world(tmp_path, before=made)
    later.clock.advance(AT - AT.replace(hour=1))
    async with running_in_memory(later.log):
        assert await later.notes.chain() == 1

    assert later.kept() == [("spooled, admitted", MILLISECONDS)]
    assert later.spool.read_bytes() == b""
    assert check(later.entries.stored, []).faults == []


async def test_a_part_that_is_not_running_is_not_waited_for(tmp_path):
    made = world(tmp_path)
    async with asyncio.timeout(1.5):
        await made.notes.note(CARD)

    assert made.spool.read_bytes().count(b"\n") == 1


async def test_nothing_else_is_spooled(tmp_path):
    made = world(tmp_path, log_of=Away)
    with pytest.raises(Unavailable):
        await made.notes.note(replace(CARD, spooled=False))
    assert not made.spool.exists()

    await made.notes.note(CARD)
    assert made.spool.exists()


class Away(AuditLog):
    """Says at once that it cannot."""

    async def keep(self, entry: Entry, *, within: float = 2.0) -> None:
        raise Unavailable


def test_only_the_contact_card_may_be_spooled():
    assert [name for name, one in policy().operations.items() if one.spooled] == ["concern.card"]


async def test_the_guard_says_by_the_table_what_may_be_spooled():
    audit = MemoryAudit()
    guard = memory_guard(SERVICE, HandClock(AT), audit)
    for name in policy().operations:
        await guard.note_as(Reach(name, "any", VISITOR), ["concern-1"])

    assert [one.operation for one in audit.noted if one.spooled] == ["concern.card"]
    assert len(audit.noted) == len(policy().operations)


async def test_what_can_be_kept_nowhere_is_refused(tmp_path):
    made = world(tmp_path, AWAY)
    made.spool.mkdir()
    async with running_in_memory(made.log):
        with pytest.raises(Unavailable):
            await made.notes.note(CARD)


async def test_a_process_killed_after_chaining_and_before_emptying_chains_nothing_twice(tmp_path):
    made = world(tmp_path)
    lines = [sealed(KEY, entry(n, outcome="spooled, admitted").content()) for n in range(3)]
    made.spool.write_bytes(b"".join(line + b"\n" for line in lines))
    async with running_in_memory(made.log):
        await made.notes.chain()
        made.spool.write_bytes(b"".join(line + b"\n" for line in lines))  # as if it had not come to emptying

        assert await made.notes.chain() == 3

    assert len(made.kept()) == 3
    assert made.spool.read_bytes() == b""


async def test_an_entry_that_landed_after_all_is_not_chained_again(tmp_path):
    """The log was too slow for whoever waited, and then wrote it: there it is, under its id."""
    made = world(tmp_path, log_of=KeepsAndDoesNotSay)
    async with running_in_memory(made.log):
        await made.notes.note(CARD)
    assert made.spool.read_bytes().count(b"\n") == 1

    later = world(tmp_path, before=made)
    async with running_in_memory(later.log):
        assert await later.notes.chain() == 1

    assert made.kept() == [("admitted", MILLISECONDS)]


class KeepsAndDoesNotSay(AuditLog):
    """Its database has the entry, and whoever asked gave up before it said so."""

    async def keep(self, entry: Entry, *, within: float = 2.0) -> None:
        await super().keep(entry, within=within)
        raise Unavailable


async def test_lines_that_nobody_with_the_key_wrote_are_put_aside_and_hold_nobody_up(tmp_path):
    made = world(tmp_path)
    good = sealed(KEY, entry(1).content())
    forged = [
        sealed(bytes(32), entry(2).content()),
        b"{}",
        b"",
        b"[1]",
        b"\xff",
        good.replace(b"worker-1", b"worker-2"),
    ]
    made.spool.write_bytes(b"".join(line + b"\n" for line in [*forged, good]))
    async with running_in_memory(made.log):
        assert await made.notes.chain() == 7

    assert [one["content"]["id"] for one in made.entries.documents.values()] == [entry(1).id]
    assert refused_path(tmp_path, SERVICE).read_bytes().split(b"\n")[:-1] == forged


async def test_what_comes_while_others_are_chained_is_chained_too(tmp_path):
    made = world(tmp_path, log_of=more_coming_to(LineFile(spool_path(tmp_path, SERVICE))))
    made.spool.write_bytes(sealed(KEY, entry(0).content()) + b"\n")
    async with running_in_memory(made.log):
        assert await made.notes.chain() == 4

    assert len(made.kept()) == 4


def more_coming_to(spool: LineFile) -> type[AuditLog]:
    """A log that takes its time: while it chains one entry another is spooled, three times."""
    numbers = iter([1, 2, 3])

    class MoreComes(AuditLog):
        async def keep(self, kept: Entry, *, within: float = 2.0) -> None:
            if (number := next(numbers, None)) is not None:
                spool.append([sealed(KEY, entry(number).content())])
            await super().keep(kept, within=within)

    return MoreComes


async def test_another_process_chains_and_this_one_leaves_it_alone(tmp_path):
    made, other = world(tmp_path, HANGS), world(tmp_path)
    made.spool.write_bytes(sealed(KEY, entry(1).content()) + b"\n")
    async with running_in_memory(other.log):
        async with running_in_memory(made.log):
            chaining = asyncio.create_task(made.notes.chain())
            async with asyncio.timeout(5):
                while not made.entries.batches:
                    await asyncio.sleep(0.005)
            assert await other.notes.chain() == 0
        with pytest.raises(Unavailable):
            await chaining
        assert await other.notes.chain() == 1


async def test_a_log_that_is_still_away_leaves_the_spool_as_it_is_and_the_part_goes_on(tmp_path):
    made = world(tmp_path, AWAY)
    line = sealed(KEY, entry(1).content()) + b"\n"
    made.spool.write_bytes(line)
    async with running_in_memory(made.log, made.notes):
        async with asyncio.timeout(10):
            while made.entries.batches < 3:
                await asyncio.sleep(0.005)
            assert made.spool.read_bytes() == line
            made.entries.meets([])
            while made.spool.read_bytes():
                await asyncio.sleep(0.02)

    assert made.kept() == [("admitted", MILLISECONDS - 123 + 124)]
