"""What comes after a place in the journal, each commit once: handed over by this process, or read from the stream."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.asynchronous.change_stream import AsyncChangeStream

from shared.runtime.commit import Commit, Document
from shared.runtime.ending import end
from shared.runtime.handover import Handover
from shared.runtime.looking import Looking
from shared.runtime.scan import PAGE

ENDINGS = ("drop", "rename", "dropDatabase", "invalidate")
WANTED = [{"$match": {"$or": [{"operationType": "insert"}, {"operationType": {"$in": list(ENDINGS)}}]}}]
"""The pipeline of a journal's change stream: filtered to inserts alone it would die silently with its collection."""
LOOK_MS = 1
"""A look asks what is there; it does not wait inside the server (`handover.py`)."""
KNOWN_STREAMS = 5_000


class JournalEnded(Exception):
    """The change stream died because the collection was dropped or renamed; silence would look like an idle journal."""


@dataclass(slots=True)
class Batch:
    """Commits to be handled, in the order of their streams; then the place to save, or an idle moment's token."""

    commits: list[Commit] = field(default_factory=list)
    place: tuple[Any, datetime] | None = None
    idle: Any = None


@dataclass(frozen=True, slots=True)
class _Handed:
    commits: Sequence[Commit]


@dataclass(frozen=True, slots=True)
class _Idle:
    token: Any


class Changes:
    """One stay at a journal. Whoever cannot handle a batch starts again from the saved place, with a new one."""

    def __init__(self, stream: AsyncChangeStream[Document], handover: Handover) -> None:
        self._stream = stream
        self._handover = handover
        self._looking = Looking()
        self._queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=2 * PAGE)
        self._versions: OrderedDict[str, int] = OrderedDict()
        self._passed_on: set[str] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._queue.empty()

    @asynccontextmanager
    async def reading(self, name: str) -> AsyncIterator[None]:
        """Read for as long as the block runs."""
        with self._handover.to(self._take):
            reading = asyncio.create_task(self._read(), name=f"{name} reading")
            try:
                yield
            finally:
                await end([reading])

    async def next(self, wait: float) -> Batch:
        """What has come, after at most `wait` seconds. Raises `JournalEnded` and what reading raised."""
        batch = Batch()
        for item in await self._items(wait):
            match item:
                case _Handed(commits=commits):
                    batch.commits += self._in_turn(commits)
                case _Idle(token=token):
                    batch.idle = token
                case change:
                    self._read_back(change, batch)
        return batch

    async def _items(self, wait: float) -> list[Any]:
        items: list[Any] = []
        try:
            async with asyncio.timeout(wait):
                items.append(await self._queue.get())
        except TimeoutError:
            return items
        while not self._queue.empty() and len(items) < PAGE:
            items.append(self._queue.get_nowait())
        failed = next((place for place, item in enumerate(items) if isinstance(item, Exception)), None)
        if failed == 0:
            raise items[0]
        if failed is not None:  # what came before it is handled first
            self._queue.put_nowait(items[failed])
        return items[:failed]

    def _take(self, commits: Sequence[Commit]) -> None:
        with contextlib.suppress(asyncio.QueueFull):  # then the stream brings them
            self._queue.put_nowait(_Handed(commits))
        if not commits:
            self._looking.at_once()

    def _in_turn(self, commits: Sequence[Commit]) -> list[Commit]:
        """Those of handed commits that follow what was passed on of their stream; the others come by the stream."""
        found = []
        for commit in commits:
            last = self._versions.get(commit.stream, 0)
            if commit.version == last + 1:
                self._passed_on.add(commit.id)
                self._remember(commit)
                found.append(commit)
            elif commit.version > last:
                self._looking.at_once()
        return found

    def _read_back(self, change: Document, batch: Batch) -> None:
        if change["operationType"] in ENDINGS:
            raise JournalEnded(change["operationType"])
        batch.place, batch.idle = (change["_id"], change["clusterTime"].as_datetime()), None
        document = change["fullDocument"]
        if document["_id"] in self._passed_on:
            self._passed_on.discard(document["_id"])
            return
        if not self._handover.is_coming(document["_id"]):
            self._looking.others_are_busy()
        commit = Commit.from_document(document)
        self._remember(commit)
        batch.commits.append(commit)

    def _remember(self, commit: Commit) -> None:
        self._versions[commit.stream] = commit.last_version
        self._versions.move_to_end(commit.stream)
        if len(self._versions) > KNOWN_STREAMS:
            self._versions.popitem(last=False)

    async def _read(self) -> None:
        """Put changes, idle tokens, and at last the reason for the end into the queue."""
        try:
            while self._stream.alive:
                await self._look()
            await self._queue.put(JournalEnded("the change stream ended"))
        except Exception as failure:  # noqa: BLE001 - raised where the changes are handled
            await self._queue.put(failure)

    async def _look(self) -> None:
        self._looking.begin()
        change = await self._stream.try_next()
        if change is not None:
            await self._queue.put(change)
            return
        await self._queue.put(_Idle(self._stream.resume_token))
        await self._looking.rest()
