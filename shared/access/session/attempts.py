"""A sign-in that was begun and has not come back: what must fit when it does, good for one return by one browser."""

from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from shared.access.session.limits import SessionLimits
from shared.access.session.secrets import fresh, stored
from shared.runtime.clock import Clock
from shared.runtime.durable import durable


@dataclass(frozen=True, slots=True)
class Attempt:
    """`state` and `nonce` go to the issuer and back, `verifier` (PKCE) and `browser` (a cookie) stay; `to`: a path."""

    state: str
    nonce: str
    verifier: str
    browser: str
    to: str


class Attempts:
    """Every sign-in that is under way at one service."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], limits: SessionLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._kept = durable(database, "sign_ins")

    async def ensure_indexes(self) -> None:
        """Let forgotten ones go by themselves; harmless when the index exists."""
        await self._kept.create_indexes([IndexModel("ends_at", expireAfterSeconds=0)])

    async def begin(self, to: str) -> Attempt:
        """A new one, kept until it comes back or is forgotten."""
        attempt = Attempt(fresh(), fresh(), fresh(), fresh(), to)
        await self._kept.insert_one(
            {
                "_id": stored(attempt.state),
                "nonce": attempt.nonce,
                "verifier": attempt.verifier,
                "browser": stored(attempt.browser),
                "to": to,
                "ends_at": self._clock.now() + self._limits.attempt,
            }
        )
        return attempt

    async def take(self, state: str, browser: str) -> Attempt | None:
        """The attempt that comes back, once; None for one that is unknown, over, or another browser's."""
        found = await self._kept.find_one_and_delete({"_id": stored(state)})
        if found is None or found["browser"] != stored(browser) or found["ends_at"] <= self._clock.now():
            return None
        return Attempt(state, found["nonce"], found["verifier"], browser, found["to"])
