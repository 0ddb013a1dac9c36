"""Waits for what must become true, up to a deadline; nothing here sleeps for its own sake."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(found: Callable[[], Awaitable[T]], *, within: float = 10.0) -> T:
    """Ask until the answer is true; fails with the last answer after `within` seconds."""
    give_up = time.monotonic() + within
    while True:
        answer = await found()
        if answer:
            return answer
        assert time.monotonic() < give_up, f"still {answer!r} after {within} s"
        await asyncio.sleep(0.01)
