"""Views: documents folded from events, guarded by version per source, so that repeats change nothing."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from shared.events.recorded import Recorded
from shared.runtime.aside import CouldNotHandle
from shared.runtime.commit import Commit, Document, recorded
from shared.runtime.errors import UnknownHistory
from shared.runtime.folding import SEEN, View, ViewSpec, fold_into, own_fields
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.register import Register
from shared.runtime.scan import Place, pages

__all__ = ["View", "ViewSpec", "Views"]

log = structlog.get_logger()
LOOK_EVERY = 0.01
LOOK_AT_REGISTER_EVERY = 0.5
"""Seconds; below the grace of a rebuild (`rebuild.py`)."""
MARGIN = timedelta(seconds=60)
"""A commit is durable a little after its recorded_at; a filling that goes on steps back this far."""
NOTE_EVERY = timedelta(seconds=10)


class Views:
    """Folds own commits, as a follower's handler, or events heard from Kafka, with `fold`.

    A view's name is its collection's name. Fields of a document are the view's own; `_seen` and `_revision` are the
    guard's. As a handler it takes each view over where its filling stopped: one nobody has filled is filled at first
    sight, before the commits at hand (`rebuild` beforehand spares that wait).
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]], specs: Iterable[ViewSpec]) -> None:
        self.specs = {spec.name: spec for spec in specs}
        self._database = database
        self._commits = durable(database, COMMITS)
        self._register = Register(database)
        self._live: set[str] = set()
        self._noted: Place | None = None
        self._looked_at = 0.0

    def collection(self, name: str) -> AsyncCollection[Document]:
        """The documents of the view `name`, for queries."""
        return durable(self._database, name)

    async def reads(self, base: str) -> str | None:
        """The name of the version of `base` ("worklist") that readers are given; None before any is filled."""
        return await self._register.reads(base)

    async def __call__(self, commits: list[Commit]) -> None:
        """Fold commits. Raises `CouldNotHandle` with those whose projection broke."""
        await self._look_at_register()
        events = [event for commit in commits for event in recorded(commit)]
        broken = {event.commit for event in await self.fold(events, only=sorted(self._live))}
        if commits:
            await self._note(Place.of(commits[-1]))
        if left := [commit for commit in commits if commit.id in broken]:
            raise CouldNotHandle(left, "projection_failed")

    async def fold(self, events: Sequence[Recorded], *, only: Iterable[str] | None = None) -> list[Recorded]:
        """Fold events into every view, or into those named; returns the events whose projection broke."""
        broken: dict[Any, Recorded] = {}
        for name in self.specs if only is None else only:
            failed = await fold_into(self.collection(name), self.specs[name], events)
            broken.update((event.event_id, event) for event in failed)
        return list(broken.values())

    async def fill(self, name: str, after: Place | None) -> Place | None:
        """Fold everything the journal has after a place into one view; returns the place of the last commit."""
        async for page in pages(self._commits, after=_back(after)):
            events = [event for commit in page if _known(commit) for event in recorded(commit)]
            await self.fold(events, only=[name])
            after = Place.of(page[-1])
        return after

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

    async def _look_at_register(self) -> None:
        """Take over what is ready and leave what is being filled; a rebuild gives followers longer than this to see."""
        if len(self._live) == len(self.specs) and time.monotonic() - self._looked_at < LOOK_AT_REGISTER_EVERY:
            return
        entries = await self._register.entries(self.specs)
        self._looked_at = time.monotonic()
        for name, spec in self.specs.items():
            await self._take_over(spec, entries.get(name, {}))

    async def _take_over(self, spec: ViewSpec, entry: Document) -> None:
        """Follow a view from where its filling stopped; leave it alone while a rebuild fills it."""
        if entry.get("state") == "filling":
            self._live.discard(spec.name)
        if entry.get("state") == "filling" or spec.name in self._live:
            return
        since = entry.get("recorded_at")
        place = await self.fill(spec.name, Place(since) if since else None)
        await self._register.set(spec.name, "live", place)
        await self._register.point(spec)
        self._live.add(spec.name)

    async def _note(self, place: Place) -> None:
        """Now and then: from here the views go on when this version of the service comes back."""
        if self._noted and place.recorded_at - self._noted.recorded_at < NOTE_EVERY:
            return
        self._noted = place
        for name in self._live:
            await self._register.reached(name, place)


def _back(place: Place | None) -> Place | None:
    return Place(place.recorded_at - MARGIN) if place else None


def _known(commit: Commit) -> bool:
    """An unknown event leaves its stream out of the view until a version of the service that knows it comes."""
    try:
        recorded(commit)
    except UnknownHistory:
        log.error("view.unreadable", stream=commit.stream, version=commit.version)
        return False
    return True
