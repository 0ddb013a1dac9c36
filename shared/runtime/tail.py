"""Follows a service's own journal from a saved position: whatever comes after a commit happens at least once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from bson.timestamp import Timestamp
from prometheus_client import Gauge
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from shared.runtime.aside import Aside, CouldNotHandle
from shared.runtime.changes import LOOK_MS, WANTED, Changes
from shared.runtime.commit import Commit, Document
from shared.runtime.handover import Handover
from shared.runtime.lease import Lease
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.position import Position
from shared.runtime.scan import PAGE, Place, pages
from shared.runtime.transient import passes

log = structlog.get_logger()

SAVE_EVERY = 0.1
SAVE_WHEN_IDLE = 30.0
TRY_AGAIN_EVERY = 60.0
IDLE_S = 5.0
FOR_READERS = 0.02
"""Seconds nobody misses who reads a view; urgent work does not hang on views."""
HISTORY_LOST = frozenset({260, 280, 286})
"""InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost. A token that does not even open a stream is
lost whatever the code: damaged ones give a dozen others."""
PASSING = frozenset({50, 91, 134, 189, 10107, 11600, 11602, 13435, 13436})
"""A server that starts, stops or is slow: MaxTimeMSExpired, ShutdownInProgress, ReadConcernMajorityNotAvailableYet,
PrimarySteppedDown, NotWritablePrimary, Interrupted*, NotPrimary*. The token is as good as before."""
TAIL_AGE = Gauge("beside_tail_age_seconds", "Seconds since a follower was last level with the journal", ["follower"])

Handler = Callable[[list[Commit]], Awaitable[None]]


def in_order(*handlers: Handler) -> Handler:
    """One handler that runs several, each after the one before: one cursor and one lease for all.

    What one of them could not handle still reaches the others, and comes again to all.
    """

    async def handle(commits: list[Commit]) -> None:
        left: dict[str, Commit] = {}
        reasons: list[str] = []
        for handler in handlers:
            try:
                await handler(commits)
            except CouldNotHandle as some:
                left.update((commit.id, commit) for commit in some.commits)
                reasons.append(some.reason)
        if left:
            raise CouldNotHandle(list(left.values()), reasons[0])

    return handle


class Follower:
    """A Part: hands every commit to `handler`, in the order of its stream, at least once.

    `handler` takes a list of commits and may raise `CouldNotHandle`; anything else it raises ends `run`, and the list
    comes again. With a `lease` one instance follows.
    `as_stored`: no event is decoded first and none held back, for a handler to which unknown events are like others.
    `handover`: of the store that appends in this process; without it its commits are seen a tenth of a second later.
    `rest`: seconds after each batch, for a handler that does many commits as cheaply as one (`FOR_READERS`).
    """

    def __init__(
        self,
        name: str,
        database: AsyncDatabase[Document],
        handler: Handler,
        *,
        lease: Lease | None = None,
        as_stored: bool = False,
        handover: Handover | None = None,
        rest: float = 0.0,
    ) -> None:
        self.name = name
        self._client = database.client
        self._commits = durable(database, COMMITS)
        self._position = Position(database, name)
        self._aside = Aside(database, name)
        self._handler = handler
        self._lease = lease
        self._as_stored = as_stored
        self._handover = handover or Handover()
        self._rest = rest
        self._level_at = time.monotonic()
        self._saved_at = self._tried_at = 0.0
        self._unsaved: tuple[Any, datetime] | None = None
        self._opened = False
        TAIL_AGE.labels(name).set_function(lambda: self.age)

    @property
    def age(self) -> float:
        """Seconds since this follower had handled all there was; 0 while another instance holds the lease."""
        standby = self._lease is not None and not self._lease.held
        return 0.0 if standby else time.monotonic() - self._level_at

    async def run(self) -> None:
        """Follow until cancelled, or until the lease is lost."""
        await (self._lease.hold(self._follow) if self._lease else self._follow())

    async def _follow(self) -> None:
        self._unsaved, self._opened = None, False
        await self._position.read()
        await self._aside.open()
        try:
            await self._watch(self._position.start or await self._catch_up())
        except OperationFailure as failure:
            if not self._is_lost(failure):
                raise
            log.warning("tail.token_lost", error_code=str(failure.code), outcome="scanning")
            await self._position.lost()
            await self._watch(await self._catch_up())

    def _is_lost(self, failure: OperationFailure) -> bool:
        if failure.code in HISTORY_LOST:
            return True
        return not self._opened and failure.code not in PASSING and not passes(failure)

    async def _catch_up(self) -> dict[str, Any]:
        """Note the time, then read the journal; a causal session makes the reads see all that came before the note."""
        async with self._client.start_session(causal_consistency=True) as session:
            await self._client.admin.command("ping", session=session)
            noted = self._position.noted or session.operation_time
            assert isinstance(noted, Timestamp)
            after = self._position.scan_from
            async for page in pages(self._commits, after=after, session=session):
                await self._handle(page)
                await self._position.scanned(Place.of(page[-1]), noted)
        await self._position.scan_done(noted)
        return self._position.start

    async def _watch(self, start: dict[str, Any]) -> None:
        async with await self._commits.watch(WANTED, batch_size=PAGE, max_await_time_ms=LOOK_MS, **start) as stream:
            self._opened = True
            changes = Changes(stream, self._handover)
            async with changes.reading(self.name):
                while True:
                    await self._step(changes)

    async def _step(self, changes: Changes) -> None:
        batch = await changes.next(SAVE_EVERY if self._unsaved else IDLE_S)
        if batch.commits:
            await self._handle(batch.commits)
            await asyncio.sleep(self._rest)
        self._unsaved = batch.place or self._unsaved
        if changes.empty and (batch.idle or batch.commits):
            self._level_at = time.monotonic()
        await self._save(batch.idle)
        if time.monotonic() - self._tried_at >= TRY_AGAIN_EVERY:
            await self.try_again()

    async def _save(self, idle: Any) -> None:
        since = time.monotonic() - self._saved_at
        if self._unsaved and since >= SAVE_EVERY:
            await self._position.token(*self._unsaved)
        elif idle and not self._unsaved and since >= SAVE_WHEN_IDLE:
            await self._position.token(idle, None)
        else:
            return
        self._unsaved, self._saved_at = None, time.monotonic()

    async def _handle(self, commits: list[Commit]) -> None:
        ready = commits if self._as_stored else await self._aside.readable(commits)
        if not ready:
            return
        try:
            await self._handler(ready)
        except CouldNotHandle as left:
            await self._aside.put(left.commits, reason=left.reason)

    async def try_again(self) -> None:
        """Hand over what was put aside, stream by stream; what fails again stays."""
        self._tried_at = time.monotonic()
        for commit in await self._aside.due():
            try:
                await self._handler([commit])
            except CouldNotHandle:
                continue
            await self._aside.done([commit])
        await self._aside.open()
