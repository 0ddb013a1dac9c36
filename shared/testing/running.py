"""Starts parts for the length of a test and stops them after it."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from shared.runtime.ending import end
from shared.runtime.part import Part


def running(*parts: Part) -> AbstractAsyncContextManager[None]:
    """Run `parts` while the block runs; one that falls meanwhile fails the test with its own error."""
    return _run(parts, stop)


def running_in_memory(*parts: Part) -> AbstractAsyncContextManager[None]:
    """As `running`, for parts that reach no driver: nothing is left to collect, and a full collection takes 50 ms."""
    return _run(parts, _end)


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait for their end.

    A driver call that is cut off while it connects leaves its socket to the garbage collector, which warns; that is
    the driver's way and no leak of ours, so it is collected here and in no other test.
    """
    await _end(*tasks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@asynccontextmanager
async def _run(parts: Iterable[Part], finish: Callable[..., Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part.run(), name=part.name) for part in parts]
    try:
        yield
    finally:
        fallen = [task for task in tasks if task.done() and not task.cancelled()]
        await finish(*tasks)
    for task in fallen:
        task.result()


async def _end(*tasks: asyncio.Task[None]) -> None:
    await end(tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
