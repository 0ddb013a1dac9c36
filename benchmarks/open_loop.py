"""Load that does not wait for answers: each request has an intended start, and its time counts from there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Durations of one run in milliseconds."""

    count: int
    p50: float
    p99: float
    longest: float

    def __str__(self) -> str:
        """As printed."""
        return f"p50 {self.p50:7.1f}  p99 {self.p99:7.1f}  max {self.longest:7.1f} ms  (n={self.count})"


def spread(seconds: Sequence[float]) -> Spread:
    """Nearest-rank percentiles of durations given in seconds."""
    ranked = sorted(one * 1000 for one in seconds)
    if not ranked:
        return Spread(0, float("nan"), float("nan"), float("nan"))

    def at(share: float) -> float:
        return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked)) - 1))]

    return Spread(len(ranked), at(0.5), at(0.99), ranked[-1])


async def open_loop(rate: float, seconds: float, start: Callable[[int, float], Awaitable[None]]) -> None:
    """Call `start(number, intended)` at `rate` a second for `seconds`; `intended` is in monotonic seconds.

    A late start is not forgiven: the next ones follow at once, and every duration counts from its intention.
    """
    begun = time.monotonic()
    running: set[asyncio.Task[None]] = set()
    for number in range(int(rate * seconds)):
        intended = begun + number / rate
        if (ahead := intended - time.monotonic()) > 0:
            await asyncio.sleep(ahead)
        task = asyncio.ensure_future(start(number, intended))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
