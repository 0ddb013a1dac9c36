"""Group commit: callers join the batch that forms while the previous one is in flight, without a timer."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from shared.runtime.errors import Overloaded, Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Again:
    """The answer that says: not decided yet, let this item join a later batch."""


AGAIN: Final = Again()


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Items in one batch; impatient items waiting at most, in number and seconds (DESIGN 4, limits)."""

    batch: int = 500
    queue: int = 2_000
    wait: float = 2.0


@dataclass(slots=True, eq=False)
class Waiting(Generic[T, R]):
    """One item in the queue, times in the loop's seconds; without a deadline it is patient and retried for ever."""

    item: T
    answer: asyncio.Future[R]
    deadline: float | None = None
    start_by: float | None = None
    attempt: int = 0
    lane: str | None = field(default=None)


Work = Callable[[list[T]], Awaitable[Sequence[R | Exception | Again]]]


class GroupCommit(Generic[T, R]):
    """Hands items to `work` in batches, one batch at a time; `work` answers each item in order, and never raises.

    Items of one `lane` keep their order even when one of them is tried again. Impatient items (with a deadline) go
    first, but patient ones always get a quarter of the batch.
    """

    def __init__(
        self,
        work: Work[T, R],
        *,
        limits: BatchLimits | None = None,
        lane: Callable[[T], str] | None = None,
        name: str = "group commit",
    ) -> None:
        self.name = name
        self._work = work
        self._limits = limits or BatchLimits()
        self._lane = lane
        self._impatient: deque[Waiting[T, R]] = deque()
        self._patient: deque[Waiting[T, R]] = deque()
        self._flying: list[Waiting[T, R]] = []
        self._held: dict[str | int, list[Waiting[T, R]]] = {}
        self._ready = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Impatient items in the queue."""
        return len(self._impatient)

    async def submit(self, item: T, *, within: float | None = None) -> R:
        """Wait for the item's answer, at most `within` seconds (None: for ever).

        Raises what `work` answered; `Overloaded` when the queue is full or the item was not begun in time;
        `Unavailable` when it was begun and not answered in time.
        """
        if within is None:
            return await self.enqueue([item])[0]
        if len(self._impatient) >= self._limits.queue:
            raise Overloaded("the queue is full")
        loop = asyncio.get_running_loop()
        now = loop.time()
        answer: asyncio.Future[R] = loop.create_future()
        lane = self._lane(item) if self._lane is not None else None
        self._impatient.append(Waiting(item, answer, now + within, now + min(within, self._limits.wait), lane=lane))
        self._ready.set()
        return await answer

    def enqueue(self, items: Iterable[T]) -> list[asyncio.Future[R]]:
        """Queue patient items in order and return their future answers."""
        loop = asyncio.get_running_loop()
        entries: list[Waiting[T, R]] = [
            Waiting(item, loop.create_future(), lane=self._lane(item) if self._lane is not None else None)
            for item in items
        ]
        self._patient.extend(entries)
        self._ready.set()
        return [entry.answer for entry in entries]

    async def run(self) -> None:
        """Run batches until cancelled; whoever still waits then is told `Unavailable`."""
        watch = asyncio.create_task(self._expire())
        try:
            while True:
                await self._ready.wait()
                batch = self._take()
                if not batch:
                    self._ready.clear()
                    continue
                await self._fly(batch)
        finally:
            watch.cancel()
            self._give_up()

    async def _fly(self, batch: list[Waiting[T, R]]) -> None:
        self._flying = batch
        try:
            answers = await self._work([entry.item for entry in batch])
        except Exception as bug:  # noqa: BLE001 - work never raises; if it does, its callers must still be answered
            answers = [bug] * len(batch)
        self._flying = []
        again = [entry for entry, answer in zip(batch, answers, strict=True) if not _settle(entry, answer)]
        for entry in again:
            self._hold(entry)

    def _take(self) -> list[Waiting[T, R]]:
        limit = self._limits.batch
        share = min(len(self._patient), limit // 4)
        batch: list[Waiting[T, R]] = []
        self._fill(batch, self._impatient, limit - share)
        self._fill(batch, self._patient, limit)
        return batch

    def _fill(self, batch: list[Waiting[T, R]], queue: deque[Waiting[T, R]], limit: int) -> None:
        while queue and len(batch) < limit:
            entry = queue.popleft()
            if entry.answer.done():
                continue
            if entry.lane in self._held:
                self._held[entry.lane].append(entry)
            else:
                batch.append(entry)

    def _hold(self, entry: Waiting[T, R]) -> None:
        """Keep an item, and its lane behind it, for a jittered moment; then both go to the front of their queue."""
        entry.attempt += 1
        lane = entry.lane if entry.lane is not None else id(entry)
        if lane in self._held:
            self._held[lane].append(entry)
            return
        self._held[lane] = [entry]
        asyncio.get_running_loop().call_later(backoff(entry.attempt), self._release, lane)

    def _release(self, lane: str | int) -> None:
        for entry in reversed(self._held.pop(lane, [])):
            queue = self._patient if entry.deadline is None else self._impatient
            queue.appendleft(entry)
        self._ready.set()

    async def _expire(self) -> None:
        """Answer whoever ran out of time, wherever they wait: ten looks a second instead of a timer for each."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.1)
            now = loop.time()
            for entry in self._impatient:
                if entry.attempt == 0 and entry.start_by is not None and now >= entry.start_by:
                    _fail(entry, Overloaded("not begun in time"))
            for entry in (*self._flying, *self._impatient, *(e for held in self._held.values() for e in held)):
                if entry.deadline is not None and now >= entry.deadline:
                    _fail(entry, Unavailable("not confirmed in time"))

    def _give_up(self) -> None:
        held = (entry for entries in self._held.values() for entry in entries)
        for entry in (*self._flying, *self._impatient, *self._patient, *held):
            _fail(entry, Unavailable("stopping"))
        self._flying, self._held = [], {}
        self._impatient.clear()
        self._patient.clear()


def backoff(attempt: int) -> float:
    """Seconds before try `attempt` + 1: random, so that two losers part ways; at most 1 s."""
    longest: float = min(1.0, 0.005 * 2 ** min(attempt, 10))
    return longest * secrets.randbelow(1_000) / 1_000


def _settle(entry: Waiting[T, R], answer: R | Exception | Again) -> bool:
    if isinstance(answer, Again):
        return entry.answer.done()
    if isinstance(answer, Exception):
        _fail(entry, answer)
    elif not entry.answer.done():
        entry.answer.set_result(answer)
    return True


def _fail(entry: Waiting[T, R], failure: Exception) -> None:
    if not entry.answer.done():
        entry.answer.set_exception(failure)
        entry.answer.exception()  # marks it as seen: whoever asked may have gone, which is no fault of ours
