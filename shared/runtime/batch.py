"""Group commit: callers join the batch that forms while the previous one is in flight, without a timer."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from shared.runtime.errors import Overloaded, Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Again:
    """The answer that says: not decided yet, let this item join a later batch."""


AGAIN: Final = Again()
LOOK_EVERY: Final = 0.5
"""Seconds between looks whether a batch is lost, while no other can be begun."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Items in one batch; impatient items waiting at most, in number and seconds (docs/design.md, Limits).

    `flights` batches may be under way at once: while the database writes one, the next is decided. From `split`
    waiting items on, a batch takes half of them and leaves the rest to the other flight. One that has not landed after
    `lost` seconds never will: the driver's own waits end after 5 s each.
    """

    batch: int = 500
    queue: int = 2_000
    wait: float = 2.0
    flights: int = 1
    split: int = 32
    lost: float = 30.0


@dataclass(slots=True, eq=False)
class Waiting(Generic[T, R]):
    """One item in the queue, times in the loop's seconds; without a deadline it is patient and retried for ever."""

    item: T
    answer: asyncio.Future[R]
    deadline: float | None = None
    start_by: float | None = None
    attempt: int = 0
    lane: str | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Flight(Generic[T, R]):
    """A batch under way since `begun`, in the loop's seconds."""

    batch: list[Waiting[T, R]]
    begun: float


Work = Callable[[list[T]], Awaitable[Sequence[R | Exception | Again]]]


class GroupCommit(Generic[T, R]):
    """Hands items to `work` in batches; `work` answers each item in order, and never raises.

    Items of one `lane` keep their order, even when one is tried again, and are never in two batches at once; inside a
    batch that is `work`'s to keep: what follows an item that is to come again must come again too. Impatient
    items (with a deadline) go first, but patient ones always get a quarter of a batch.
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
        self._flights: dict[asyncio.Task[None], Flight[T, R]] = {}
        self._busy: set[str] = set()
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
        """Run batches until cancelled; whoever still waits then is told `Unavailable`.

        Raises `SystemExit` when a batch is lost. PyMongo's lock on its topology can be left held for ever when a call
        is cancelled while the server is gone (seen with 4.20): every later call of the client waits for it, and only a
        new process gets a new one. A batch that was under way is safe: its commits are there or come again.
        """
        watch = asyncio.create_task(self._expire())
        try:
            while True:
                await self._ready.wait()
                self._end_if_lost()
                if batch := self._take():
                    self._take_off(batch)
                else:
                    self._ready.clear()
                while len(self._flights) >= self._limits.flights:
                    await asyncio.wait(self._flights, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
                    self._end_if_lost()
        finally:
            for task in (watch, *self._flights):
                task.cancel()
            self._give_up()

    def _take(self) -> list[Waiting[T, R]]:
        """What goes into the next batch: everything, or half of many, so that two batches can overlap."""
        waiting = len(self._impatient) + len(self._patient)
        limit = self._limits.batch
        if waiting >= self._limits.split and len(self._flights) + 1 < self._limits.flights:
            limit = min(limit, waiting // 2)
        batch: list[Waiting[T, R]] = []
        self._fill(batch, self._impatient, limit - min(len(self._patient), limit // 4))
        self._fill(batch, self._patient, limit)
        return batch

    def _fill(self, batch: list[Waiting[T, R]], queue: deque[Waiting[T, R]], limit: int) -> None:
        while queue and len(batch) < limit:
            entry = queue.popleft()
            if entry.answer.done():
                continue
            lane = entry.lane
            if lane is not None and (lane in self._busy or lane in self._held):
                self._held.setdefault(lane, []).append(entry)
            else:
                batch.append(entry)

    def _take_off(self, batch: list[Waiting[T, R]]) -> None:
        self._busy.update(entry.lane for entry in batch if entry.lane is not None)
        task = asyncio.create_task(self._fly(batch))
        self._flights[task] = Flight(batch, asyncio.get_running_loop().time())
        task.add_done_callback(self._flights.pop)

    def _end_if_lost(self) -> None:
        now = asyncio.get_running_loop().time()
        if any(now - flight.begun > self._limits.lost for flight in self._flights.values()):
            raise SystemExit(f"{self.name}: a batch was lost")

    async def _fly(self, batch: list[Waiting[T, R]]) -> None:
        try:
            answers = await self._work([entry.item for entry in batch])
        except Exception as bug:  # noqa: BLE001 - work never raises; if it does, its callers must still be answered
            answers = [bug] * len(batch)
        again: dict[str | int, list[Waiting[T, R]]] = {}
        for entry, answer in zip(batch, answers, strict=True):
            if not _settle(entry, answer):
                again.setdefault(entry.lane if entry.lane is not None else id(entry), []).append(entry)
        landed = {entry.lane for entry in batch if entry.lane is not None}
        self._busy -= landed
        for lane, entries in again.items():
            self._hold(lane, entries)
        for lane in landed & self._held.keys() - again.keys():
            self._release(lane)

    def _hold(self, lane: str | int, entries: list[Waiting[T, R]]) -> None:
        """Keep items, and their lane behind them, for a jittered moment; then all go to the front of their queue."""
        for entry in entries:
            entry.attempt += 1
        self._held[lane] = entries + self._held.get(lane, [])
        asyncio.get_running_loop().call_later(backoff(entries[0].attempt), self._release, lane)

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
            for entry in (*self._impatient, *self._elsewhere()):
                if entry.deadline is not None and now >= entry.deadline:
                    _fail(entry, Unavailable("not confirmed in time"))

    def _give_up(self) -> None:
        for entry in (*self._impatient, *self._patient, *self._elsewhere()):
            _fail(entry, Unavailable("stopping"))
        for waiting in (self._held, self._busy, self._impatient, self._patient):
            waiting.clear()

    def _elsewhere(self) -> Iterator[Waiting[T, R]]:
        """Items in the air and items held back."""
        for flight in self._flights.values():
            yield from flight.batch
        for entries in self._held.values():
            yield from entries


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
