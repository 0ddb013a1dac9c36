"""Commits a follower could not handle: put aside one by one, so that one stream's trouble is nobody else's."""

from collections.abc import Sequence
from typing import Any

import structlog
from prometheus_client import Gauge
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.commit import Commit, recorded
from shared.runtime.errors import UnknownHistory
from shared.runtime.mongo import COMMITS, durable

log = structlog.get_logger()
SET_ASIDE = Gauge("beside_tail_set_aside", "Commits a follower put aside and tries again", ["follower"])


class CouldNotHandle(Exception):
    """A handler's word that it handled all but these commits; they are put aside and tried again later."""

    def __init__(self, commits: Sequence[Commit], reason: str) -> None:
        super().__init__(reason)
        self.commits = list(commits)
        self.reason = reason


class Aside:
    """What one follower put aside. A stream with an unknown event is kept back whole, so that its order stays."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], follower: str) -> None:
        self._kept = durable(database, "set_aside")
        self._commits = durable(database, COMMITS)
        self._follower = follower
        self._blocked: set[str] = set()

    async def open(self) -> None:
        """Read which streams are kept back."""
        self._blocked = set(await self._kept.distinct("stream", {"follower": self._follower, "blocks": True}))
        await self._count()

    async def readable(self, commits: Sequence[Commit]) -> list[Commit]:
        """The commits that can be handed on; those of unknown events, and whatever follows them, are put aside."""
        unknown = [commit for commit in commits if not self._known(commit)]
        if not unknown:
            return list(commits)
        await self.put(unknown, reason="unknown_event", blocks=True)
        back = {commit.id for commit in unknown}
        return [commit for commit in commits if commit.id not in back]

    def _known(self, commit: Commit) -> bool:
        if commit.stream in self._blocked:
            return False
        try:
            recorded(commit)
        except UnknownHistory:
            self._blocked.add(commit.stream)
            return False
        return True

    async def put(self, commits: Sequence[Commit], *, reason: str, blocks: bool = False) -> None:
        """Keep these for later; durable when it returns."""
        for commit in commits:
            log.error("tail.set_aside", stream=commit.stream, version=commit.version, error_code=reason)
        fields = {"follower": self._follower, "reason": reason, "blocks": blocks}
        changes = [
            UpdateOne(
                {"_id": f"{self._follower}|{commit.id}"},
                {"$setOnInsert": {**fields, "stream": commit.stream, "commit": commit.id}},
                upsert=True,
            )
            for commit in commits
        ]
        await self._kept.bulk_write(changes, ordered=False)
        await self._count()

    async def due(self) -> list[Commit]:
        """What is to be tried again, oldest first per stream; streams that are still unreadable stay back."""
        kept = await self._kept.find({"follower": self._follower}).sort("commit", 1).to_list()
        documents = await self._commits.find({"_id": {"$in": [one["commit"] for one in kept]}}).to_list()
        commits = sorted(map(Commit.from_document, documents), key=lambda commit: commit.id)
        self._blocked = set()
        return [commit for commit in commits if self._known(commit)]

    async def done(self, commits: Sequence[Commit]) -> None:
        """These were handled after all."""
        ids = [f"{self._follower}|{commit.id}" for commit in commits]
        await self._kept.delete_many({"_id": {"$in": ids}})
        await self._count()

    async def _count(self) -> None:
        count = await self._kept.count_documents({"follower": self._follower})
        SET_ASIDE.labels(self._follower).set(count)
