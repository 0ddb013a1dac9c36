"""Which cases came under a correlation id, read from the journal itself: a cancellation may follow within a second."""

from typing import Any
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from shared.events.referral import ReferralReceived


class JournalJourneys:
    """Looks into the service's commits."""

    def __init__(self, commits: AsyncCollection[dict[str, Any]]) -> None:
        self._commits = commits

    async def ensure_indexes(self) -> None:
        """The index that `under` needs; harmless when it is there."""
        await self._commits.create_indexes([IndexModel([("events.correlation", 1)], sparse=True)])

    async def under(self, correlation: UUID, organisation: str) -> list[UUID]:
        """The cases that messages of `organisation` opened under `correlation`."""
        wanted = {"type": ReferralReceived.wire, "correlation": correlation, "data.sent_by": organisation}
        cursor = self._commits.find(
            {"events.correlation": correlation, "events": {"$elemMatch": wanted}}, {"stream": 1}
        )
        return [UUID(str(one["stream"]).partition("/")[2]) async for one in cursor]
