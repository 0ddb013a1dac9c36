"""Signals as they arrived, durable before anybody is answered, and worked on until each is a concern.

A contact card that came along lies sealed beside its signal until it is in the vault.
"""

import asyncio
import contextlib
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from services.safeguarding.adapters.cards import Cards
from services.safeguarding.adapters.signals import case_of, from_push, opened
from services.safeguarding.domain.commands import RaiseConcern
from shared.programmes.model import Sites
from shared.runtime.clock import Clock
from shared.runtime.executor import Executor

log = structlog.get_logger()
Document = dict[str, Any]
LOOK_EVERY = 0.5
LEFT_ALONE = timedelta(seconds=1)
KEPT_DAYS = 30


class Inbox:
    """Takes raw signals; as a part it works on those whose first try did not end (crash, database away)."""

    def __init__(
        self, signals: AsyncCollection[Document], executor: Executor, sites: Sites, clock: Clock, cards: Cards
    ) -> None:
        self.name = "signals-inbox"
        self._signals = signals
        self._executor = executor
        self._sites = sites
        self._clock = clock
        self._cards = cards

    async def ensure_indexes(self) -> None:
        """Create the inbox's indexes; what was worked on is forgotten after a month."""
        await self._signals.create_indexes(
            [
                IndexModel([("state", 1), ("received_at", 1)]),
                IndexModel([("case", 1)], sparse=True),
                IndexModel([("done_at", 1)], expireAfterSeconds=KEPT_DAYS * 24 * 3600),
            ]
        )

    async def take(self, body: bytes) -> bool:
        """Make `body` durable, then try once to act on it. Returns whether that worked already.

        Raises what the database raises when `body` could not be kept: then the sender tries again.
        """
        now = self._clock.now()
        body, letter = opened(body)
        signal: Document = {"_id": sha256(body).hexdigest(), "body": body, "state": "waiting", "received_at": now}
        case = case_of(body)
        signal |= ({"case": case} if case else {}) | ({"card": letter} if letter else {})
        with contextlib.suppress(DuplicateKeyError):
            await self._signals.insert_one(signal)
        return await self._act(signal)

    async def waits_for(self, case: UUID) -> bool:
        """Whether a signal about `case` has arrived and is not a concern yet (a hold must not miss it, S24)."""
        return await self._signals.find_one({"case": case, "state": "waiting"}) is not None

    async def run(self) -> None:
        """Look for signals that wait, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.sweep()

    async def sweep(self) -> int:
        """Act on every signal that has waited for a second or more; returns how many became concerns."""
        before = self._clock.now() - LEFT_ALONE
        waiting = await self._signals.find({"state": "waiting", "received_at": {"$lte": before}}).to_list(500)
        return sum([await self._act(signal) for signal in waiting])

    async def _act(self, signal: Document) -> bool:
        try:
            asked = from_push(bytes(signal["body"]), self._sites, now=self._clock.now())
            await self._executor.submit(asked)
            if (letter := signal.get("card")) and isinstance(raised := asked.input, RaiseConcern) and raised.case:
                await self._cards.take(letter, raised.case, raised.concern)
        except Exception as failed:  # noqa: BLE001 - it is durable: the sweeper tries again whatever happened
            log.error("signal.retried", error_code=type(failed).__name__, outcome="waiting")
            return False
        await self._signals.update_one(
            {"_id": signal["_id"]},
            {"$set": {"state": "done", "done_at": self._clock.now()}, "$unset": {"card": ""}},
        )
        return True
