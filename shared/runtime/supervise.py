"""Keeps a service's background parts running: one that falls is started again, later each time it falls at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from prometheus_client import Counter

from shared.runtime.part import Part

log = structlog.get_logger()
RESTARTS = Counter("beside_part_restarts", "Times a background part fell and was started again", ["part"])
FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_AFTER_S = 0.1, 5.0, 30.0
STOP_WITHIN_S = 8.0


async def keep_running(part: Part) -> None:
    """Run `part` for ever; back-off doubles while it falls quickly and starts anew once it held for a while."""
    wait = FIRST_WAIT_S
    while True:
        started = time.monotonic()
        try:
            await part.run()
        except Exception:
            log.warning("part.fell", part=part.name, exc_info=True)
        RESTARTS.labels(part.name).inc()
        if time.monotonic() - started > STEADY_AFTER_S:
            wait = FIRST_WAIT_S
        await asyncio.sleep(wait)
        wait = min(LONGEST_WAIT_S, wait * 2)


@asynccontextmanager
async def running(parts: Sequence[Part]) -> AsyncIterator[None]:
    """Keep `parts` running inside the block; at its end stop them in reverse, within `STOP_WITHIN_S`."""
    tasks = [asyncio.create_task(keep_running(part), name=part.name) for part in parts]
    try:
        yield
    finally:
        for task in reversed(tasks):
            task.cancel()
        await asyncio.wait(tasks, timeout=STOP_WITHIN_S) if tasks else None
