"""Whether this instance can keep its promise: an answer is only given for what a majority has journaled."""

import asyncio
import time

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.runtime.commit import Document
from shared.runtime.mongo import durable

CONFIRMED_WITHIN_S = 5.0
FRESH_FOR_S = 1.0
ASK_FOR_S = 0.8
"""Shorter than the 1 s that probes usually wait."""


class MajorityWrite:
    """Says whether a majority write was confirmed within 5 s; writes once a second at most (docs/decisions/0002)."""

    def __init__(self, database: AsyncDatabase[Document], *, instance: str = "ready") -> None:
        self._beats = durable(database, "heartbeats")
        self._instance = instance
        self._confirmed_at: float | None = None
        self._trying: asyncio.Task[None] | None = None

    async def __call__(self) -> bool:
        """True when ready; takes at most `ASK_FOR_S`."""
        if self._age() > FRESH_FOR_S:
            if self._trying is None or self._trying.done():
                self._trying = asyncio.create_task(self._write(), name="majority write")
            await asyncio.wait({self._trying}, timeout=ASK_FOR_S)
        return self._age() <= CONFIRMED_WITHIN_S

    def _age(self) -> float:
        return float("inf") if self._confirmed_at is None else time.monotonic() - self._confirmed_at

    async def _write(self) -> None:
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_S):
                await self._beats.update_one({"_id": self._instance}, {"$inc": {"beats": 1}}, upsert=True)
        except (PyMongoError, TimeoutError):
            return
        self._confirmed_at = asked_at
