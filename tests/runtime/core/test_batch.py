"""Group commit by itself: batches that form without a timer, lanes that keep their order, flights, deadlines."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.runtime.batch import AGAIN, Again, BatchLimits, GroupCommit
from shared.runtime.errors import Overloaded, Unavailable
from shared.testing.running import running_in_memory

Answers = Sequence[str | Exception | Again]


class Work:
    """Answers each item with itself; keeps every batch, and can be held until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.again: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.flying = self.most = 0

    async def __call__(self, items: list[str]) -> Answers:
        self.batches.append(items)
        self.flying += 1
        self.most = max(self.most, self.flying)
        await self.gate.wait()
        self.flying -= 1
        stuck: set[str] = set()
        return [self._answer(item, stuck) for item in items]

    def _answer(self, item: str, stuck: set[str]) -> str | Again:
        """What is to come again holds back the rest of its lane, as a lost commit does."""
        if item in self.again:
            self.again.remove(item)
            stuck.add(item[0])
        return AGAIN if item[0] in stuck else item


def queue_of(work: Work, limits: BatchLimits | None = None) -> GroupCommit[str, str]:
    """A queue whose lane is an item's first letter."""
    return GroupCommit(work, limits=limits, lane=lambda item: item[0])


async def soon(count: int, work: Work) -> None:
    """Let things happen until so many batches were begun."""
    async with asyncio.timeout(5):
        while len(work.batches) < count:
            await asyncio.sleep(0)


async def test_what_arrives_during_a_batch_forms_the_next_one():
    work = Work()
    queue = queue_of(work)
    work.gate.clear()
    async with running_in_memory(queue):
        first = queue.enqueue(["a"])
        await soon(1, work)
        rest = queue.enqueue(["b", "c", "d"])
        work.gate.set()
        await asyncio.gather(*first, *rest)
    assert work.batches == [["a"], ["b", "c", "d"]]


async def test_a_batch_that_never_lands_ends_the_process_and_tells_who_waits():
    work = Work()
    queue = queue_of(work, BatchLimits(lost=0.05))
    work.gate.clear()
    waiting = asyncio.create_task(queue.submit("a", within=60))

    with pytest.raises(SystemExit, match="a batch was lost"):
        async with asyncio.timeout(10):
            await queue.run()

    with pytest.raises(Unavailable):
        await waiting


async def test_two_batches_overlap_but_never_share_a_lane():
    work = Work()
    queue = queue_of(work, BatchLimits(flights=2))
    work.gate.clear()
    async with running_in_memory(queue):
        first = queue.enqueue(["a1"])
        await soon(1, work)
        rest = queue.enqueue(["a2", "b1"])
        await soon(2, work)
        assert work.batches == [["a1"], ["b1"]]
        work.gate.set()
        await asyncio.gather(*first, *rest)
    assert (work.batches[2], work.most) == (["a2"], 2)


async def test_many_waiting_items_are_shared_between_two_flights():
    work = Work()
    queue = queue_of(work, BatchLimits(flights=2, split=4))
    async with running_in_memory(queue):
        await asyncio.gather(*queue.enqueue(list("abcdefgh")))
    assert [len(batch) for batch in work.batches][:2] == [4, 4]


async def test_item_tried_again_keeps_its_place_in_its_lane():
    work = Work()
    work.again = ["a1", "a1"]
    queue = queue_of(work, BatchLimits(batch=2))
    async with running_in_memory(queue):
        done: list[str] = []
        futures = queue.enqueue(["a1", "b1", "a2", "a3", "b2"])
        for future in futures:
            future.add_done_callback(lambda settled: done.append(settled.result()))
        await asyncio.gather(*futures)
    assert [item for item in done if item[0] == "a"] == ["a1", "a2", "a3"]
    assert [item for item in done if item[0] == "b"] == ["b1", "b2"]


async def test_patient_items_get_a_share_of_a_batch_full_of_impatient_ones():
    work = Work()
    queue = queue_of(work, BatchLimits(batch=8))
    patient = queue.enqueue([f"p{n}" for n in range(8)])
    impatient = [asyncio.create_task(queue.submit(f"i{n}", within=5)) for n in range(20)]
    await asyncio.sleep(0)
    async with running_in_memory(queue):
        await asyncio.gather(*patient, *impatient)
    assert [item[0] for item in work.batches[0]] == ["i"] * 6 + ["p"] * 2


async def test_item_not_begun_in_time_is_overloaded_and_one_not_answered_in_time_is_unavailable():
    work = Work()
    queue = queue_of(work, BatchLimits(wait=0.2))
    work.gate.clear()
    async with running_in_memory(queue):
        begun = asyncio.create_task(queue.submit("a", within=0.4))
        await soon(1, work)
        waiting = asyncio.create_task(queue.submit("b", within=5))
        with pytest.raises(Overloaded):
            await waiting
        with pytest.raises(Unavailable):
            await begun
        work.gate.set()


async def test_work_that_breaks_answers_its_callers_and_the_queue_goes_on():
    calls = 0

    async def work(items: list[str]) -> Answers:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        return items

    queue: GroupCommit[str, str] = GroupCommit(work)
    async with running_in_memory(queue):
        with pytest.raises(ZeroDivisionError):
            await queue.submit("a", within=5)
        assert await queue.submit("b", within=5) == "b"


async def test_caller_who_left_costs_no_work():
    work = Work()
    queue = queue_of(work)
    left = asyncio.create_task(queue.submit("a", within=5))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    async with running_in_memory(queue):
        assert await queue.submit("b", within=5) == "b"
    assert work.batches == [["b"]]
