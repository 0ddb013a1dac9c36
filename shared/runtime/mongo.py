"""The commit store on MongoDB: one insert-only collection and its unique indexes (docs/decisions/0001)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.runtime.commit import Commit, Document
from shared.runtime.durable import CODEC, DURABLE, MAJORITY, connect, durable, unavailable
from shared.runtime.errors import Unavailable
from shared.runtime.handover import Handover
from shared.runtime.store import Refused

__all__ = [
    "CODEC", "COMMITS", "DUPLICATE_KEY", "DURABLE", "INDEXES", "MAJORITY", "MongoStore", "by_stream", "connect",
    "durable", "refusals", "unavailable",
]  # fmt: skip
COMMITS = "commits"
DUPLICATE_KEY = 11000
INDEXES = (
    IndexModel([("stream", ASCENDING), ("causes", ASCENDING)], name="effect_once", unique=True),
    IndexModel([("claims", ASCENDING)], name="claims", unique=True, sparse=True),
    IndexModel([("recorded_at", ASCENDING), ("_id", ASCENDING)], name="scan"),
)


class MongoStore:
    """One service's journal in `database`.commits."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self.handover = Handover()
        self._commits = durable(database, COMMITS)

    async def ensure_indexes(self) -> None:
        """Make the collection's indexes; harmless when they are there."""
        await self._commits.create_indexes(list(INDEXES))

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every asked stream's commits in order of version; one `find`."""
        try:
            documents = await self._commits.find({"stream": {"$in": list(streams)}}).to_list()
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return by_stream(streams, documents)

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Append in one unordered `insert_many`, and hand what was appended over; see `CommitStore.append`."""
        try:
            with self.handover.coming(commits):
                answers = await self._insert(commits)
        except Unavailable:
            self.handover.give(())
            raise
        self.handover.give([commit for commit, refused in zip(commits, answers, strict=True) if refused is None])
        return answers

    async def _insert(self, commits: Sequence[Commit]) -> list[Refused | None]:
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


def by_stream(streams: Collection[str], documents: Sequence[Document]) -> dict[str, list[Commit]]:
    """Group documents by stream, in order of version; streams without any have []."""
    found: dict[str, list[Commit]] = {stream: [] for stream in streams}
    for document in documents:
        found[document["stream"]].append(Commit.from_document(document))
    for commits in found.values():
        commits.sort(key=lambda commit: commit.version)
    return found


def refusals(details: Mapping[str, Any] | None, count: int) -> list[Refused | None]:
    """Read a bulk write's error report: which of `count` documents were refused, and by which index.

    Raises `Unavailable` for a write concern error or any fault but a duplicate key: the outcome is then unknown.
    """
    answers: list[Refused | None] = [None] * count
    if details is None or details.get("writeConcernErrors"):
        raise Unavailable("write concern not satisfied")
    for error in details["writeErrors"]:
        if error.get("code") != DUPLICATE_KEY:
            raise Unavailable(f"write error {error.get('code')}")
        answers[error["index"]] = _refused(error)
    return answers


def _refused(error: Mapping[str, Any]) -> Refused:
    pattern, value = error["keyPattern"], error["keyValue"]
    if "claims" in pattern:
        return Refused("claim", str(value["claims"]))
    if "causes" in pattern:
        return Refused("cause", str(value["causes"]))
    return Refused("version", str(value["_id"]))
