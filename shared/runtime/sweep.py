"""Looks whether any deadline was lost. It should never find one; each repair is an alarm (docs/design.md, Timers)."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.cache import Known
from shared.runtime.clock import Clock
from shared.runtime.executor import Executor
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.timers import Timers

log = structlog.get_logger()
REPAIRS = Counter("beside_timer_sweep_repairs", "Deadlines that had no row and were put back")
SWEEP_EVERY = 60.0
PAGE = 500
SETTLING = timedelta(seconds=5)
"""A stream that changed just now may have its row on the way; it is looked at next time."""


class Sweep:
    """A Part: once a minute derives the due time of every stream that has deadlines, and mends the rows."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        executor: Executor,
        timers: Timers,
        clock: Clock,
        *,
        every: float = SWEEP_EVERY,
    ) -> None:
        self.name = "timer sweep"
        self.repairs = 0
        self._commits = durable(database, COMMITS)
        self._executor = executor
        self._timers = timers
        self._clock = clock
        self._every = every

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.sweep()

    async def sweep(self) -> int:
        """One pass; returns how many deadlines were put back."""
        repaired = 0
        for kind in self._timers.kinds:
            after = f"{kind}/"
            while streams := await self._streams(kind, after):
                repaired += await self._mend(streams)
                after = f"{streams[-1]}/0000000001"
        self.repairs += repaired
        REPAIRS.inc(repaired)
        return repaired

    async def _streams(self, kind: str, after: str) -> list[str]:
        first = {"_id": {"$gt": after, "$lt": f"{kind}0"}, "version": 1}
        found = self._commits.find(first, {"stream": 1}).sort("_id", 1).limit(PAGE)
        return [document["stream"] for document in await found.to_list()]

    async def _mend(self, streams: list[str]) -> int:
        settled = self._clock.now() - SETTLING
        known = {
            stream: one
            for stream, one in (await self._executor.states(streams)).items()
            if isinstance(one, Known) and one.recorded_at is not None and one.recorded_at <= settled
        }
        rows = await self._timers.rows(known)
        lost = {stream: one for stream, one in known.items() if self._is_lost(stream, one, rows.get(stream))}
        for stream, one in lost.items():
            log.error("timer.repaired", stream=stream, version=one.version)
        await self._timers.write(lost)
        return len(lost)

    def _is_lost(self, stream: str, known: Known, row: dict[str, Any] | None) -> bool:
        due = self._timers.due(stream, known.state)
        if due is None:
            return False
        return row is None or (row["version"] < known.version and row["due_at"] != due)
