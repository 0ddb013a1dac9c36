"""The commit store on MongoDB: one insert-only collection whose unique indexes are the rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC
from typing import Any

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.runtime.commit import Commit, from_document, to_document
from shared.runtime.errors import Unavailable
from shared.runtime.store import Refused

Database = AsyncDatabase[dict[str, Any]]
DUPLICATE_KEY = 11000
COMMITS = "commits"
CONFIRM_WITHIN_MS = 5000
AS_WRITTEN: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, uuid_representation=UuidRepresentation.STANDARD
)


def connect(url: str) -> AsyncMongoClient[dict[str, Any]]:
    """A client that reads aware UTC times and standard UUIDs, and gives up on a dead server within 5 s."""
    return AsyncMongoClient(
        url,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=CONFIRM_WITHIN_MS,
        retryWrites=True,
    )


def durable(database: Database) -> Database:
    """The database with every write confirmed by a majority and journaled, and reads of majority data only."""
    return database.with_options(
        codec_options=AS_WRITTEN,
        write_concern=WriteConcern(w="majority", j=True, wtimeout=CONFIRM_WITHIN_MS),
        read_concern=ReadConcern("majority"),
    )


async def ensure_indexes(database: Database) -> None:
    """Create the journal's indexes; harmless when they exist."""
    await durable(database)[COMMITS].create_indexes(
        [
            IndexModel([("stream", ASCENDING), ("causes", ASCENDING)], name="causes", unique=True),
            IndexModel([("claims", ASCENDING)], name="claims", unique=True, sparse=True),
            IndexModel([("recorded_at", ASCENDING), ("_id", ASCENDING)], name="recorded"),
        ]
    )


class MongoStore:
    """`CommitStore` over pymongo's asynchronous client."""

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._commits: AsyncCollection[dict[str, Any]] = durable(database)[COMMITS]

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every commit of the named streams in version order; a stream without any is absent."""
        found: dict[str, list[Commit]] = {}
        try:
            async for document in self._commits.find({"stream": {"$in": list(streams)}}).sort("_id", ASCENDING):
                found.setdefault(document["stream"], []).append(from_document(self._service, document))
        except PyMongoError as failed:
            raise Unavailable("the journal could not be read") from failed
        return found

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Store each commit on its own; see `CommitStore.append`."""
        answers: list[Refused | None] = [None] * len(commits)
        try:
            await self._commits.insert_many([to_document(commit) for commit in commits], ordered=False)
        except BulkWriteError as mixed:
            if mixed.details.get("writeConcernErrors"):
                raise Unavailable("the journal did not confirm") from mixed
            for error in mixed.details["writeErrors"]:
                answers[error["index"]] = refusal_of(error)
        except PyMongoError as failed:
            raise Unavailable("the journal did not confirm") from failed
        return answers

    async def claimed(self, claim: str) -> Commit | None:
        """The commit that holds `claim`."""
        try:
            document = await self._commits.find_one({"claims": claim})
        except PyMongoError as failed:
            raise Unavailable("the journal could not be read") from failed
        return from_document(self._service, document) if document else None


def refusal_of(error: Mapping[str, Any]) -> Refused:
    """What a duplicate key means, read from the index it hit; any other write error leaves the outcome unknown."""
    if error["code"] != DUPLICATE_KEY:
        raise Unavailable(f"the journal refused a write with code {error['code']}")
    value = error["keyValue"]
    if "_id" in value:
        return Refused("version", value["_id"])
    if "claims" in value:
        return Refused("claim", value["claims"])
    return Refused("cause", str(value["causes"]))
