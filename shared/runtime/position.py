"""Where a follower stands in the journal: a change stream's token, or how far a catch-up scan has come."""

from datetime import datetime, timedelta
from typing import Any

from bson.timestamp import Timestamp
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.commit import Document
from shared.runtime.mongo import durable
from shared.runtime.scan import Place

OVERLAP = timedelta(hours=1)
"""How far before a lost token's time a scan begins; repeats are harmless (docs/design.md, Following the journal)."""


class Position:
    """The saved position of one follower. Empty: it has never followed, and begins with the first commit."""

    def __init__(self, database: AsyncDatabase[Document], follower: str) -> None:
        self._positions = durable(database, "positions")
        self._name = follower
        self._saved: dict[str, Any] = {}

    async def read(self) -> None:
        """Read what was saved."""
        self._saved = await self._positions.find_one({"_id": self._name}) or {}

    @property
    def start(self) -> dict[str, Any]:
        """The change stream's starting option; empty when a scan must come first."""
        if "token" in self._saved:
            return {"start_after": self._saved["token"]}
        if "noted" in self._saved and "scan" not in self._saved:
            return {"start_at_operation_time": self._saved["noted"]}
        return {}

    @property
    def noted(self) -> Timestamp | None:
        """The operation time noted when an unfinished scan began."""
        return self._saved.get("noted") if "scan" in self._saved else None

    @property
    def scan_from(self) -> Place | None:
        """Where a scan goes on or begins; None is the journal's beginning."""
        scan = self._saved.get("scan")
        if scan:
            return Place(scan["recorded_at"], scan["id"])
        at = self._saved.get("at")
        return Place(at - OVERLAP) if at else None

    async def token(self, token: Any, at: datetime | None) -> None:
        """Save a token; `at` is the database's time of the event it stands behind, None when nothing happened."""
        await self._save({"token": token} | ({"at": at} if at else {}), without=("scan", "noted"))

    async def lost(self) -> None:
        """The token is worthless; keep its time."""
        await self._save({}, without=("token", "noted", "scan"))

    async def scanned(self, place: Place, noted: Timestamp) -> None:
        """Save how far a scan has come."""
        await self._save({"scan": {"recorded_at": place.recorded_at, "id": place.id}, "noted": noted})

    async def scan_done(self, noted: Timestamp) -> None:
        """The scan is over: the change stream begins at `noted`, whose time is the token's time until there is one."""
        await self._save({"noted": noted, "at": noted.as_datetime()}, without=("scan",))

    async def _save(self, fields: dict[str, Any], *, without: tuple[str, ...] = ()) -> None:
        change = {"$set": fields, "$unset": dict.fromkeys(without, "")}
        asked = {operator: what for operator, what in change.items() if what}
        await self._positions.update_one({"_id": self._name}, asked, upsert=True)
        self._saved = {name: value for name, value in self._saved.items() if name not in without} | fields
