"""The commit store on Motor, for those who must stay on it. Motor passed its end of life on 2026-05-14: an extra."""

from collections.abc import Collection, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.runtime.commit import Commit
from shared.runtime.mongo import CODEC, COMMITS, DURABLE, INDEXES, MAJORITY, by_stream, refusals, unavailable
from shared.runtime.store import Refused


class MotorStore:
    """The same journal, documents and indexes as `MongoStore`, through the other driver."""

    def __init__(self, database: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._commits = database.get_collection(
            COMMITS, codec_options=CODEC, write_concern=DURABLE, read_concern=MAJORITY
        )

    async def ensure_indexes(self) -> None:
        """Make the collection's indexes; harmless when they are there."""
        await self._commits.create_indexes(list(INDEXES))

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every asked stream's commits in order of version; one `find`."""
        try:
            documents = await self._commits.find({"stream": {"$in": list(streams)}}).to_list(None)
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return by_stream(streams, documents)

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Append in one unordered `insert_many`; see `CommitStore.append`."""
        try:
            await self._commits.insert_many([commit.to_document() for commit in commits], ordered=False)
        except BulkWriteError as failure:
            return refusals(failure.details, len(commits))
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return [None] * len(commits)

    async def claimed(self, claim: str) -> Commit | None:
        """The commit that holds `claim`."""
        try:
            document = await self._commits.find_one({"claims": claim})
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return Commit.from_document(document) if document else None
