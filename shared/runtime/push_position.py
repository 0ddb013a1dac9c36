"""How far a service's urgent events have been delivered: one document, which any instance may move, only forwards."""

from typing import Any

from bson.timestamp import Timestamp
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.mongo import durable
from shared.runtime.position import OVERLAP
from shared.runtime.scan import Place


class PushPosition:
    """The database's own time of the last urgent commit that was delivered with all before it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._positions = durable(database, "positions")
        self._at: Timestamp | None = None

    async def read(self) -> Timestamp | None:
        """Where to begin; None when nothing was ever pushed."""
        saved = await self._positions.find_one({"_id": "push"})
        self._at = saved["operation_time"] if saved else None
        return self._at

    @property
    def scan_from(self) -> Place | None:
        """Where a scan begins when the database has forgotten that time; None is the journal's beginning."""
        return Place(self._at.as_datetime() - OVERLAP) if self._at else None

    async def passed(self, at: Timestamp) -> None:
        """Everything up to `at` was delivered; a position that is further already stays."""
        await self._positions.update_one({"_id": "push"}, {"$max": {"operation_time": at}}, upsert=True)
