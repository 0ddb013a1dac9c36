"""When a follower looks at its change stream again: at once when told to, else often enough for other instances."""

import asyncio
import time

UNHURRIED = 0.1
"""Seconds between looks: how late a commit of another instance is seen at most."""
OTHERS_BUSY = 0.01
BUSY_FOR = 1.0
"""Seconds: so often, and for so long after a commit of another instance was seen."""


class Looking:
    """The patience of one reader of a change stream."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._busy_until = 0.0

    def at_once(self) -> None:
        """There may be something."""
        self._asked.set()

    def others_are_busy(self) -> None:
        """Something was there that this process did not append."""
        self._busy_until = time.monotonic() + BUSY_FOR

    def begin(self) -> None:
        """Said before each look: what is asked from here on is asked of the next one."""
        self._asked.clear()

    async def rest(self) -> None:
        """The look found nothing: wait until the next one."""
        try:
            async with asyncio.timeout(OTHERS_BUSY if time.monotonic() < self._busy_until else UNHURRIED):
                await self._asked.wait()
        except TimeoutError:
            return
