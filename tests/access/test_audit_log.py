"""The log of one process: durable before the answer, whole whatever fails, its heads told; uncertainty is no fault."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.access.audit import log as audit_log
from shared.access.caller import VISITOR, Caller
from shared.access.guard import Admission
from shared.runtime.errors import Overloaded, Unavailable
from shared.testing.running import running_in_memory
from tests.access.audited import AT, entry
from tests.access.log_world import world
from tests.access.uncertain import Mood

SAM = Caller("person", "sam", "triage-worker", "token", provider="nct", proof="token-1")


def admission(**changes: Any) -> Admission:
    return replace(Admission(SAM, "referral.identity", ("case-1",), "", "admitted"), **changes)


async def test_an_entry_says_who_did_what_for_whom_about_what_and_how_that_was_proved(tmp_path):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        await made.log.note(admission(caller=replace(SAM, through="support"), purpose="ring-back"))

    (kept,) = made.entries.documents.values()
    assert {**kept["content"], "id": ""} == {
        "id": "",
        "who": "sam",
        "role": "triage-worker",
        "organisation": "nct",
        "operation": "referral.identity",
        "subjects": ["case-1"],
        "purpose": "ring-back",
        "outcome": "admitted",
        "at": int(AT.timestamp()) * 1000 + 123,
        "via": "token",
        "proof": "token-1",
        "through": "support",
    }


@pytest.mark.parametrize("text", ["Amara Juniper", "amara@example.org", "a\nb", "\ud800", "é", "x" * 201])
async def test_what_is_no_id_or_code_is_not_kept_and_harms_nobody_else(tmp_path, text):
    """A path may hold whatever somebody typed; one entry that cannot be stored would take its whole batch along."""
    made = world(tmp_path)
    async with running_in_memory(made.log):
        said = [admission(subjects=(text,), purpose=text, outcome=f"failed: {text}"), admission()]
        await asyncio.gather(*map(made.log.note, said))

    contents = [one["content"] for one in made.entries.documents.values()]
    assert contents[0]["subjects"] == ["unreadable"]
    assert (contents[0]["purpose"], contents[0]["outcome"]) == ("unreadable", "unreadable")
    assert contents[1]["subjects"] == ["case-1"]
    assert made.check().faults == []


async def test_a_visitor_is_noted_as_one(tmp_path):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        await made.log.note(admission(caller=VISITOR, operation="concern.card"))

    (kept,) = made.entries.documents.values()
    assert (kept["content"]["who"], kept["content"]["role"], kept["content"]["organisation"]) == (
        "visitor",
        "anyone",
        "",
    )


async def test_entries_that_come_together_are_one_batch_and_one_chain(tmp_path):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        await asyncio.gather(*(made.log.keep(entry(n)) for n in range(200)))

    assert made.entries.batches < 5
    assert [one.entries for one in made.check().chains.values()] == [200]


async def test_the_last_head_is_told_when_the_process_stops(tmp_path):
    carried = asyncio.Event()
    made = world(tmp_path)
    made.log._carry = _sets(carried)
    async with running_in_memory(made.log):
        await made.log.keep(entry(1))
        assert made.heads() == []

    (chain,) = made.check().chains.values()
    assert (chain.entries, chain.unproven, carried.is_set()) == (1, 0, True)


def _sets(event: asyncio.Event) -> Callable[[], Any]:
    async def carry() -> None:
        event.set()

    return carry


async def test_a_head_is_told_once_and_again_only_when_entries_came(tmp_path):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        for count in (1, 1, 2):
            while len(made.ids()) < count:
                await made.log.keep(entry(len(made.ids())))
            await made.log.tell()
        assert len(made.heads()) == 2


async def test_what_was_certain_of_a_chain_that_was_left_is_still_told(tmp_path):
    """Else the entries of up to a minute before every failure of the database could be cut off unseen."""
    made = world(tmp_path, ("lands", 0), ("lost", 0))
    async with running_in_memory(made.log):
        await made.log.keep(entry(1))
        await made.log.keep(entry(2))
        await made.log.tell()

    found = made.check()
    assert found.faults == []
    assert [(one.entries, one.unproven) for one in found.chains.values()] == [(1, 0), (1, 0)]


@pytest.mark.parametrize("mood", [("lost", 0), ("lost", 2), ("lost", 3), ("late", 2), ("late", 3)])
async def test_a_batch_of_unknown_outcome_is_written_again_into_a_new_chain_and_is_no_fault(tmp_path, mood):
    made = world(tmp_path, ("lands", 0), mood)
    async with running_in_memory(made.log):
        await made.log.keep(entry(0))
        await asyncio.gather(*(made.log.keep(entry(n)) for n in (1, 2, 3)))

    ids = made.ids()
    assert made.check().faults == []
    assert set(ids) == {entry(n).id for n in range(4)}
    assert len(ids) - len(set(ids)) == mood[1]
    assert len(made.check().chains) == 2


async def test_a_batch_that_was_cut_off_is_left_like_one_that_failed(tmp_path):
    made = world(tmp_path, ("lands", 0), ("hangs", 1))
    async with running_in_memory(made.log):
        await made.log.keep(entry(0))
        cut_off = asyncio.create_task(made.log.keep(entry(1)))
        async with asyncio.timeout(5):
            while made.entries.batches < 2:
                await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await cut_off
    async with running_in_memory(made.log):
        await made.log.keep(entry(2))

    found = made.check()
    assert found.faults == []
    assert sorted((one.entries, one.unproven) for one in found.chains.values()) == [(1, 0), (2, 1)]
    assert made.entries.batches == 3, "and the next one does not run into it"


async def test_a_head_that_cannot_be_written_waits_and_nobody_is_refused(tmp_path):
    made = world(tmp_path / "folder")
    (tmp_path / "folder").write_text("where the folder should be")
    async with running_in_memory(made.log):
        await made.log.keep(entry(1))
        with pytest.raises(OSError, match="folder"):
            await made.log.tell()
        assert audit_log.UNWRITTEN._value.get() == 0
        await made.log._tell_or_log()
        assert audit_log.UNWRITTEN._value.get() == 1
        (tmp_path / "folder").unlink()
        await made.log._tell_or_log()

    assert len(made.heads()) == 1
    assert audit_log.UNWRITTEN._value.get() == 0


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1), timedelta(hours=15)])
async def test_a_new_day_is_a_new_chain_and_the_old_ones_head_is_told(tmp_path, step):
    made = world(tmp_path)
    async with running_in_memory(made.log):
        await made.log.keep(entry(1))
        made.clock.advance(step)
        await made.log.keep(entry(2))
        made.clock.advance(-step)
        await made.log.keep(entry(3))

    found = made.check()
    assert found.faults == []
    assert [(one.entries, one.unproven) for one in found.chains.values()] == [(1, 0)] * 3
    assert made.entries.batches == 3, "none was refused: a day that comes back does not meet its old chain"


async def test_without_the_database_callers_are_told_so(tmp_path):
    nothing: Mood = ("lost", 0)
    made = world(tmp_path, *[nothing] * 1_000)
    async with running_in_memory(made.log):
        with pytest.raises(Unavailable):
            await made.log.keep(entry(1), within=0.2)


async def test_a_database_that_says_nothing_is_waited_for_no_longer_than_asked(tmp_path):
    made = world(tmp_path, ("hangs", 0))
    async with running_in_memory(made.log):
        waiting = [made.log.keep(entry(n), within=0.2) for n in range(2)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(one) for one in answers} <= {Unavailable, Overloaded}
