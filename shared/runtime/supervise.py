"""Keeps a service's background parts running: one that falls is started again, later each time it falls at once."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from shared.runtime.metrics import RESTARTS, RUNNING
from shared.runtime.part import Part

log = structlog.get_logger()
STOP_WITHIN_S = 2.5
"""With uvicorn's own wait for open requests (serve.py) this stays within 10 s (docs/design.md, Running)."""


Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BackOff:
    """Seconds until a fallen part is started again: doubling from `first` to `longest`, anew once it held `steady`."""

    first: float = 0.1
    longest: float = 5.0
    steady: float = 30.0


async def keep_running(part: Part, *, back_off: BackOff | None = None, pause: Pause = asyncio.sleep) -> None:
    """Run `part` for ever. One that ends or raises is counted and started again; it never takes the others along.

    A part that raises `SystemExit` says that going on would lose something: the whole process is stopped in order.
    """
    waits = back_off or BackOff()
    wait = waits.first
    while True:
        started = time.monotonic()
        await _run_once(part)
        RESTARTS.labels(part.name).inc()
        if time.monotonic() - started > waits.steady:
            wait = waits.first
        await pause(wait)
        wait = min(waits.longest, wait * 2)


async def _run_once(part: Part) -> None:
    RUNNING.labels(part.name).set(1)
    try:
        await part.run()
    except SystemExit:
        log.exception("part.stops_everything", part=part.name)
        os.kill(os.getpid(), signal.SIGTERM)
    except Exception:
        log.warning("part.fell", part=part.name, exc_info=True)
    finally:
        RUNNING.labels(part.name).set(0)


@asynccontextmanager
async def running(
    parts: Sequence[Part], *, back_off: BackOff | None = None, stop_within: float = STOP_WITHIN_S
) -> AsyncIterator[None]:
    """Keep `parts` running inside the block; at its end stop the last started first, within `stop_within` s in all."""
    tasks = [asyncio.create_task(keep_running(part, back_off=back_off), name=part.name) for part in parts]
    try:
        yield
    finally:
        for task in reversed(tasks):
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=stop_within)
            for task in late:
                log.error("part.did_not_stop", part=task.get_name())
