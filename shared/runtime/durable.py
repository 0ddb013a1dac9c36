"""The database as everything here uses it: writes count once a majority has journaled them, reads see only those."""

from typing import Any

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.runtime.errors import Unavailable

Document = dict[str, Any]
CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)
CONFIRM_WITHIN_MS = 5_000
DURABLE = WriteConcern(w="majority", j=True, wtimeout=CONFIRM_WITHIN_MS)
"""Acknowledged means journaled by a majority: the only writes this platform answers for."""
MAJORITY = ReadConcern("majority")
"""A cause seen in a write that is later rolled back would be skipped for ever."""


def connect(url: str) -> AsyncMongoClient[Document]:
    """A client that retries a write once and gives up on a silent server within 5 s."""
    return AsyncMongoClient(
        url,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=CONFIRM_WITHIN_MS,
        retryWrites=True,
    )


def durable(database: AsyncDatabase[Document], name: str) -> AsyncCollection[Document]:
    """The collection `name` with majority reads, journaled majority writes, aware times and standard UUIDs."""
    return database.get_collection(name, codec_options=CODEC, write_concern=DURABLE, read_concern=MAJORITY)


def unavailable(failure: PyMongoError) -> Unavailable:
    """The plumbing's word for a driver's failure; its class only, since messages may carry documents."""
    return Unavailable(type(failure).__name__)
