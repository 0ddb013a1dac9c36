"""A service's token is believed once: its id is kept until it has expired, by all instances together."""

from datetime import UTC, datetime
from typing import Any, Protocol

from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.access.refusals import unproved
from shared.runtime.durable import durable, unavailable

KEPT_BEYOND_S = 300
"""Longer than the leeway with which a token's end is looked at."""


class Once(Protocol):
    """Believes a token once."""

    async def first_use(self, issuer: str, token_id: str, expires: int) -> None:
        """Note a token's use. Raises `Refused` (401) the second time, `Unavailable` when it cannot be noted."""
        ...


class Replays:
    """The ids of tokens that were used, in the receiving service's database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._seen = durable(database, "tokens_used")

    async def ensure_indexes(self) -> None:
        """Let ids go by themselves once their tokens are long over; harmless when the index exists."""
        await self._seen.create_indexes([IndexModel("until", expireAfterSeconds=KEPT_BEYOND_S)])

    async def first_use(self, issuer: str, token_id: str, expires: int) -> None:
        """See `Once`."""
        try:
            await self._seen.insert_one({"_id": f"{issuer}/{token_id}", "until": datetime.fromtimestamp(expires, UTC)})
        except DuplicateKeyError:
            raise unproved("access.service_token_replayed") from None
        except PyMongoError as failure:
            raise unavailable(failure) from failure
