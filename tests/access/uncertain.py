"""A database's side of the log that lands, loses, delays and hangs as it is told, in memory and without a server."""

import asyncio
from collections.abc import Iterable
from typing import Any, Literal, cast

import bson
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect, BulkWriteError

Mood = tuple[Literal["lands", "lost", "late", "hangs"], int]
"""What becomes of a batch: all of it lands and is confirmed; or the first so many land at once ("lost"), or when the
next batch comes ("late"), and the connection breaks; or they land and no answer ever comes."""


class Entries:
    """Keeps documents by id; stands for the database and for its one collection."""

    def __init__(self, moods: Iterable[Mood] = ()) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.batches = 0
        self._late: list[dict[str, Any]] = []
        self.meets(moods)

    def meets(self, moods: Iterable[Mood]) -> None:
        """From now on each batch meets one of these; later ones land."""
        self._moods = iter(moods)

    @property
    def database(self) -> AsyncDatabase[dict[str, Any]]:
        """Itself, as the log wants it."""
        return cast("AsyncDatabase[dict[str, Any]]", self)

    @property
    def stored(self) -> list[bytes]:
        """The documents in order of their ids, as a check reads them."""
        self._land([])
        return [bson.encode(self.documents[id_]) for id_ in sorted(self.documents)]

    def get_collection(self, _name: str, **_options: Any) -> "Entries":
        """The one collection there is."""
        return self

    async def insert_many(self, documents: list[dict[str, Any]], *, ordered: bool) -> None:
        """In order, up to the first that is there already; then as the mood is."""
        assert ordered
        self.batches += 1
        await asyncio.sleep(0)
        kind, count = next(self._moods, ("lands", 0))
        if kind == "lands":
            self._land(documents)
            return
        if kind == "late":
            self._land([])
            self._late = documents[:count]
        else:
            self._land(documents[:count])
        if kind == "hangs":
            await asyncio.Event().wait()
        raise AutoReconnect("connection closed")

    async def find_one(self, wanted: dict[str, Any], _fields: Any) -> dict[str, Any] | None:
        """The first document whose content agrees."""
        fields = {name.removeprefix("content."): value for name, value in wanted.items()}
        found = (one for one in self.documents.values() if fields.items() <= _hashable(one["content"]).items())
        return next(found, None)

    def _land(self, documents: list[dict[str, Any]]) -> None:
        late, self._late = self._late, []
        for document in late:
            self.documents.setdefault(document["_id"], document)
        for document in documents:
            if document["_id"] in self.documents:
                raise BulkWriteError({"writeErrors": [{"code": 11000}]})
            self.documents[document["_id"]] = document


def _hashable(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if not isinstance(value, list)}
