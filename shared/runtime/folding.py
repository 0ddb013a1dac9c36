"""Folds events into documents: one read and one write for all of them, guarded by version per source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from shared.events.recorded import Recorded
from shared.runtime.commit import Document
from shared.runtime.mongo import DUPLICATE_KEY

log = structlog.get_logger()
SEEN, REVISION = "_seen", "_revision"
OWN_FIELDS = frozenset({"_id", SEEN, REVISION})
View = dict[str, Any]
Write = InsertOne[Document] | ReplaceOne[Document]


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


async def fold_into(documents: AsyncCollection[Document], spec: ViewSpec, events: Sequence[Recorded]) -> list[Recorded]:
    """Fold events into one view's documents; returns the events whose projection broke.

    Tried again while somebody else writes the same documents: the revision of each is compared as it is replaced.
    """
    by_key: dict[str, list[Recorded]] = {}
    for event in events:
        for key in dict.fromkeys(spec.keys(event)):
            by_key.setdefault(key, []).append(event)
    broken: dict[Any, Recorded] = {}
    while by_key:
        by_key = await _fold_once(documents, spec, by_key, broken)
    return list(broken.values())


async def _fold_once(
    documents: AsyncCollection[Document],
    spec: ViewSpec,
    by_key: dict[str, list[Recorded]],
    broken: dict[Any, Recorded],
) -> dict[str, list[Recorded]]:
    """One round; returns what somebody else wrote meanwhile."""
    stored = {found["_id"]: found for found in await documents.find({"_id": {"$in": list(by_key)}}).to_list()}
    writes: dict[str, Write] = {}
    for key, events in by_key.items():
        before = stored.get(key)
        after = fold_document(spec, key, before, events, broken)
        if after is not None:
            guard = {"_id": key, REVISION: before[REVISION]} if before else {}
            writes[key] = ReplaceOne(guard, after) if before else InsertOne(after)
    if not writes or await _written(documents, writes):
        return {}
    return {key: by_key[key] for key in writes}


async def _written(documents: AsyncCollection[Document], writes: Mapping[str, Write]) -> bool:
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
    spec: ViewSpec, key: str, stored: Document | None, events: Sequence[Recorded], broken: dict[Any, Recorded]
) -> Document | None:
    """The document after those of `events` it has not seen; None when it has seen them all.

    An event whose projection breaks goes into `broken`, and later events of its source wait behind it.
    """
    seen: dict[str, int] = dict(stored[SEEN]) if stored else {}
    view = own_fields(stored) if stored else None
    stuck: set[str] = set()
    changed = False
    for event in events:
        if event.version <= seen.get(event.source, 0):
            continue
        if event.source in stuck:
            broken[event.event_id] = event
            continue
        try:
            view = spec.project(view, event)
        except Exception as failure:  # noqa: BLE001 - one view's bug must not stop the tail
            log.error("view.failed", stream=event.stream, version=event.version, error_code=type(failure).__name__)
            stuck.add(event.source)
            broken[event.event_id] = event
            continue
        seen[event.source], changed = event.version, True
    if not changed or view is None:
        return None
    return {**view, "_id": key, SEEN: seen, REVISION: (stored[REVISION] if stored else 0) + 1}
