"""Starts parts for the length of a test and stops them after it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.runtime.part import Part


@asynccontextmanager
async def running(*parts: Part) -> AsyncIterator[None]:
    """Run `parts` while the block runs; one that falls meanwhile fails the test with its own error."""
    tasks = [asyncio.create_task(part.run(), name=part.name) for part in parts]
    try:
        yield
    finally:
        fallen = [task for task in tasks if task.done() and not task.cancelled()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in fallen:
        task.result()
