"""Reads the journal in the order it was written down, page by page: how a follower or a view catches up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from shared.runtime.commit import Commit, Document

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A place in (recorded_at, _id) order. Within a stream that is also the order of versions."""

    recorded_at: datetime
    id: str = ""

    @classmethod
    def of(cls, commit: Commit) -> "Place":
        """The place of a commit."""
        return cls(commit.recorded_at, commit.id)


async def pages(
    commits: AsyncCollection[Document],
    *,
    after: Place | None = None,
    only_types: frozenset[str] | None = None,
    session: AsyncClientSession | None = None,
) -> AsyncIterator[list[Commit]]:
    """Every commit after a place (None: from the first), at most 1,000 at a time, by plain majority reads.

    Each page is a query of its own, so a slow reader holds no cursor open.
    """
    while True:
        found = commits.find(_wanted(after, only_types), session=session).sort([("recorded_at", 1), ("_id", 1)])
        page = [Commit.from_document(document) for document in await found.limit(PAGE).to_list()]
        if page:
            yield page
            after = Place.of(page[-1])
        if len(page) < PAGE:
            return


def _wanted(after: Place | None, only_types: frozenset[str] | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if after is not None:
        same = {"recorded_at": after.recorded_at, "_id": {"$gt": after.id}}
        wanted["$or"] = [{"recorded_at": {"$gt": after.recorded_at}}, same]
    if only_types is not None:
        wanted["events.type"] = {"$in": sorted(only_types)}
    return wanted
