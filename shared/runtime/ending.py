"""Ends tasks for certain. One cancellation may be lost: a driver that reconnects takes it for a network failure."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_AFTER = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]], *, again_after: float = AGAIN_AFTER) -> None:
    """Cancel tasks until every one is done, asking again after so many seconds; their results are left to the caller.

    PyMongo's change stream resumes by itself after a failure, and with it swallows a cancellation that comes while its
    server restarts (seen with 4.20, mongod 6.0): a task that was cancelled once and awaited then never ends.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=again_after)
