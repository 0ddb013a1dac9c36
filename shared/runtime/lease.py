"""One holder at a time, by a short lease in the database; two at once for a moment only repeats work."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError, WriteConcernError

from shared.runtime.clock import new_id
from shared.runtime.ending import end
from shared.runtime.mongo import durable

PATIENCE = 5.0
"""Seconds that work which lost its lease has for closing what it opened, before it is cancelled again."""
LEASE_SECONDS = 1.0
"""A holder killed without warning is replaced within about this time, as measured."""


class Lease:
    """The right to do `name`, renewed three times in its length; the database's clock decides, so skew cannot."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        name: str,
        *,
        seconds: float = LEASE_SECONDS,
        patience: float = PATIENCE,
    ) -> None:
        self.name = name
        self._leases = durable(database, "leases")
        self._seconds = seconds
        self._patience = patience
        self._holder = str(new_id())
        self._held_until = 0.0

    @property
    def held(self) -> bool:
        """Whether this process may still believe that it holds the lease."""
        return time.monotonic() < self._held_until

    async def hold(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, run `work` while it lasts, stop it when the lease is lost. Raises what `work` raises."""
        while not await self._renew():
            await asyncio.sleep(self._seconds / 3)
        working = asyncio.create_task(_run(work))
        try:
            while self.held and not working.done():
                await asyncio.wait([working], timeout=self._seconds / 3)
                if not working.done():
                    await self._renew()
        finally:
            cut_off = not working.done()
            await end([working], again_after=self._patience)
            await self._release()
        if not cut_off:
            working.result()

    async def _renew(self) -> bool:
        asked_at = time.monotonic()
        change = self._leases.find_one_and_update(
            {"_id": self.name},
            [{"$set": _taken_if_free(self._holder, int(self._seconds * 1000))}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        try:
            async with asyncio.timeout(self._seconds):  # wait_for may swallow a cancellation (Python 3.11)
                lease = await change
        except (ConnectionFailure, WriteConcernError, TimeoutError):
            return self.held
        except DuplicateKeyError:
            lease = None
        won = lease is not None and lease["holder"] == self._holder
        self._held_until = asked_at + self._seconds if won else 0.0
        return won

    async def _release(self) -> None:
        self._held_until = 0.0
        with contextlib.suppress(PyMongoError, TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._leases.delete_one({"_id": self.name, "holder": self._holder})


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _taken_if_free(holder: str, milliseconds: int) -> dict[str, Any]:
    """An update that takes the lease when it is ours or over, and changes nothing otherwise."""
    until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": milliseconds}}
    over = {"$lt": ["$until", "$$NOW"]}  # a missing time is before every other
    free = {"$or": [{"$eq": ["$holder", holder]}, over]}
    return {"holder": {"$cond": [free, holder, "$holder"]}, "until": {"$cond": [free, until, "$until"]}}
