"""Starts parts for the length of a test and stops them after it."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.runtime.ending import end
from shared.runtime.part import Part


@asynccontextmanager
async def running(*parts: Part) -> AsyncIterator[None]:
    """Run `parts` while the block runs; one that falls meanwhile fails the test with its own error."""
    tasks = [asyncio.create_task(part.run(), name=part.name) for part in parts]
    try:
        yield
    finally:
        fallen = [task for task in tasks if task.done() and not task.cancelled()]
        await stop(*tasks)
    for task in fallen:
        task.result()


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait for their end.

    A driver call that is cut off while it connects leaves its socket to the garbage collector, which warns; that is
    the driver's way and no leak of ours, so it is collected here and in no other test.
    """
    await end(tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
