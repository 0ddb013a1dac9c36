"""Group commit: what arrives while one batch is in flight forms the next one; no timer, no waiting when idle."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.runtime.errors import Overloaded, Unavailable

T = TypeVar("T")
R = TypeVar("R")


class GroupCommit(Generic[T, R]):
    """A queue whose worker hands everything waiting, at most `largest`, to `flush` in one call.

    `flush` returns one answer per item, in order; an answer that is an exception is raised at its caller.
    """

    def __init__(
        self,
        name: str,
        flush: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        largest: int = 500,
        longest_queue: int = 2000,
    ) -> None:
        self.name = name
        self._flush = flush
        self._largest = largest
        self._longest_queue = longest_queue
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many items have not been handed over yet."""
        return len(self._waiting)

    def put(self, item: T) -> asyncio.Future[R]:
        """Join the batch that forms. Raises `Overloaded` when too many wait already."""
        if len(self._waiting) >= self._longest_queue:
            raise Overloaded(f"{self.name}: {len(self._waiting)} waiting")
        return self._enqueue(item)

    def put_all(self, items: Sequence[T]) -> list[asyncio.Future[R]]:
        """Join with a batch that is one already, whatever waits: its source has its own limit."""
        return [self._enqueue(item) for item in items]

    def _enqueue(self, item: T) -> asyncio.Future[R]:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        return future

    async def run(self) -> None:
        """Hand batches over until cancelled."""
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            await self._hand_over([pair for pair in batch if not pair[1].done()])

    async def _hand_over(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        if not batch:
            return
        try:
            answers: Sequence[R | Exception] = await self._flush([item for item, _ in batch])
        except Exception as failed:  # noqa: BLE001 - whatever went wrong belongs to the callers, not to the loop
            answers = [failed] * len(batch)
        except asyncio.CancelledError:
            _answer(batch, [Unavailable(f"{self.name} stopped before it was confirmed")] * len(batch))
            raise
        _answer(batch, answers)


def _answer(batch: Sequence[tuple[T, asyncio.Future[R]]], answers: Sequence[R | Exception]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
