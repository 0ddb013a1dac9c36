"""Views: documents folded from events, guarded by version per source, so that repeats change nothing."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from shared.events.recorded import Recorded
from shared.runtime.aside import CouldNotHandle
from shared.runtime.commit import Commit, Document, recorded
from shared.runtime.mongo import DUPLICATE_KEY, durable

log = structlog.get_logger()
SEEN, REVISION = "_seen", "_revision"
OWN_FIELDS = frozenset({"_id", SEEN, REVISION})
LOOK_EVERY = 0.01
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view: its name with its version ("worklist_v1"), the documents an event touches, and how it changes one.

    `project(view, recorded)` is pure; `view` is None for a document that does not exist yet.
    """

    name: str
    keys: Callable[[Recorded], Sequence[str]]
    project: Callable[[View | None, Recorded], View]

    @property
    def base(self) -> str:
        """The name without its version."""
        return self.name.rpartition("_v")[0]

    @property
    def number(self) -> int:
        """The version."""
        return int(self.name.rpartition("_v")[2])


class Views:
    """A follower's handler that folds commits into every view; `fold` does the same for events heard from Kafka.

    Fields of a document are the view's own; `_seen` and `_revision` are the guard's.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]], specs: Iterable[ViewSpec]) -> None:
        self.specs = {spec.name: spec for spec in specs}
        self._database = database

    def collection(self, name: str) -> AsyncCollection[Document]:
        """The documents of the view `name`, for queries; its name in the database is the same."""
        return durable(self._database, name)

    async def __call__(self, commits: list[Commit]) -> None:
        """Fold commits. Raises `CouldNotHandle` with those whose projection broke."""
        broken = await self.fold([event for commit in commits for event in recorded(commit)])
        left = [commit for commit in commits if commit.id in {event.commit for event in broken}]
        if left:
            raise CouldNotHandle(left, "projection_failed")

    async def fold(self, events: Sequence[Recorded], *, only: Iterable[str] | None = None) -> list[Recorded]:
        """Fold events into every view, or into those named; returns the events whose projection broke."""
        broken: dict[Any, Recorded] = {}
        for name in self.specs if only is None else only:
            broken.update((event.event_id, event) for event in await self._fold(self.specs[name], events))
        return list(broken.values())

    async def _fold(self, spec: ViewSpec, events: Sequence[Recorded]) -> list[Recorded]:
        by_key: dict[str, list[Recorded]] = {}
        for event in events:
            for key in dict.fromkeys(spec.keys(event)):
                by_key.setdefault(key, []).append(event)
        broken: list[Recorded] = []
        while by_key:
            by_key = await self._fold_once(spec, by_key, broken)
        return broken

    async def _fold_once(
        self, spec: ViewSpec, by_key: dict[str, list[Recorded]], broken: list[Recorded]
    ) -> dict[str, list[Recorded]]:
        """One read and one write for all documents; returns those that somebody else wrote meanwhile."""
        documents = self.collection(spec.name)
        stored = {found["_id"]: found for found in await documents.find({"_id": {"$in": list(by_key)}}).to_list()}
        writes: dict[str, InsertOne[Document] | ReplaceOne[Document]] = {}
        for key, events in by_key.items():
            before = stored.get(key)
            after = fold_document(spec, key, before, events, broken)
            if after is None:
                continue
            guard = {"_id": key, REVISION: before[REVISION]} if before else {}
            writes[key] = ReplaceOne(guard, after) if before else InsertOne(after)
        if not writes or await _written(documents, writes):
            return {}
        return {key: by_key[key] for key in writes}

    async def get(self, name: str, key: str) -> View | None:
        """One document's own fields, or None."""
        found = await self.collection(name).find_one({"_id": key})
        return own_fields(found) if found else None

    async def wait_for(self, name: str, key: str, stream: str, version: int, within: float = 1.0) -> bool:
        """Wait until the document holds `version` of `stream`, at most `within` seconds; whether it does."""
        give_up = time.monotonic() + within
        while True:
            found = await self.collection(name).find_one({"_id": key}, {SEEN: 1})
            seen: Mapping[str, int] = found[SEEN] if found else {}
            if any(source.endswith(f"/{stream}") and at >= version for source, at in seen.items()):
                return True
            if time.monotonic() >= give_up:
                return False
            await asyncio.sleep(LOOK_EVERY)


async def _written(
    documents: AsyncCollection[Document], writes: Mapping[str, InsertOne[Document] | ReplaceOne[Document]]
) -> bool:
    try:
        result = await documents.bulk_write(list(writes.values()), ordered=False)
    except BulkWriteError as mixed:
        if any(error["code"] != DUPLICATE_KEY for error in mixed.details["writeErrors"]):
            raise
        return False
    return result.matched_count + result.inserted_count == len(writes)


def own_fields(document: Document) -> View:
    """A stored document without its id and the guard's fields."""
    return {name: value for name, value in document.items() if name not in OWN_FIELDS}


def fold_document(
    spec: ViewSpec, key: str, stored: Document | None, events: Sequence[Recorded], broken: list[Recorded]
) -> Document | None:
    """The document after those of `events` it has not seen; None when it has seen them all.

    An event whose projection breaks is added to `broken`, and later events of its source wait behind it.
    """
    seen: dict[str, int] = dict(stored[SEEN]) if stored else {}
    view = own_fields(stored) if stored else None
    stuck: set[str] = set()
    changed = False
    for event in events:
        if event.version <= seen.get(event.source, 0):
            continue
        try:
            if event.source in stuck:
                raise CouldNotHandle((), "behind a broken event")
            view = spec.project(view, event)
        except Exception as failure:  # noqa: BLE001 - one view's bug must not stop the tail
            log.error("view.failed", stream=event.stream, version=event.version, error_code=type(failure).__name__)
            stuck.add(event.source)
            broken.append(event)
            continue
        seen[event.source], changed = event.version, True
    if not changed or view is None:
        return None
    return {**view, "_id": key, SEEN: seen, REVISION: (stored[REVISION] if stored else 0) + 1}
