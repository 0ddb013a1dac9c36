"""Deadlines as data: one row for each stream that must be woken. The timer always fires; the state decides."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Gauge
from pymongo import DeleteOne, IndexModel, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from shared.events.ids import deadline_cause
from shared.runtime.cache import Known
from shared.runtime.clock import Clock
from shared.runtime.commit import Commit, Document
from shared.runtime.executor import Executor, Settled
from shared.runtime.lease import Lease
from shared.runtime.mongo import DUPLICATE_KEY, durable
from shared.runtime.submission import Outcome, Submission

log = structlog.get_logger()

LOOK_EVERY = 0.2
PAGE = 500
RETRY_AFTER = timedelta(seconds=30)
SKEW = Gauge("beside_clock_skew_seconds", "This machine's clock less the database's")
SKEW_EVERY = 60.0


class Timers:
    """Keeps the rows `{_id: stream, version, due_at, wake_at}` and submits a wake-up when a stream's time has come.

    Three uses in one: `remember` is the executor's hook (best effort), the call is the follower's handler (the
    guarantee), `run` is the Part that fires. `wake_at` is `due_at`, or later after a wake-up that failed.
    """

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        executor: Executor,
        clock: Clock,
        *,
        lease: Lease | None = None,
    ) -> None:
        self.name = "timers"
        self._database = database
        self._rows = durable(database, "timers")
        self._executor = executor
        self._clock = clock
        self._lease = lease
        self._remembered: dict[str, Known] = {}
        self._skew_at = 0.0

    @property
    def kinds(self) -> list[str]:
        """The kinds of stream that have deadlines."""
        return [kind for kind, decider in self._executor.deciders.items() if decider.due is not None]

    async def ensure_indexes(self) -> None:
        """Make the index that finds what is due; harmless when it is there."""
        await self._rows.create_indexes([IndexModel([("wake_at", 1)], name="wake_at")])

    def remember(self, settled: Sequence[Settled]) -> None:
        """Note streams that just changed; their rows are written at the next look."""
        for one in settled:
            if self._has_deadlines(one.stream):
                self._remembered[one.stream] = Known(one.state, one.version, one.commit.recorded_at, None)

    async def __call__(self, commits: list[Commit]) -> None:
        """Write the row of every stream that `commits` changed. Streams that cannot be folded here are left out."""
        streams = {commit.stream for commit in commits if self._has_deadlines(commit.stream)}
        if streams:
            known = await self._executor.states(streams)
            await self.write({stream: one for stream, one in known.items() if isinstance(one, Known)})

    async def write(self, known: dict[str, Known]) -> None:
        """Upsert or delete rows; an older version never replaces a newer one."""
        changes = [self._change(stream, one.version, self.due(stream, one.state)) for stream, one in known.items()]
        if not changes:
            return
        try:
            await self._rows.bulk_write(changes, ordered=False)
        except BulkWriteError as mixed:
            if any(error["code"] != DUPLICATE_KEY for error in mixed.details["writeErrors"]):
                raise

    def due(self, stream: str, state: Any) -> datetime | None:
        """When the stream wants to be woken."""
        decider = self._executor.decider_of(stream)
        return decider.due(state) if decider.due else None

    async def rows(self, streams: Collection[str]) -> dict[str, Document]:
        """The rows of these streams."""
        return {row["_id"]: row for row in await self._rows.find({"_id": {"$in": list(streams)}}).to_list()}

    async def run(self) -> None:
        """Fire until cancelled, or until the lease is lost."""
        await (self._lease.hold(self._fire) if self._lease else self._fire())

    async def _fire(self) -> None:
        while True:
            await self._measure_skew()
            await self.flush()
            if not await self.wake_due():
                await asyncio.sleep(LOOK_EVERY)

    async def flush(self) -> None:
        """Write the rows of what was remembered."""
        remembered, self._remembered = self._remembered, {}
        await self.write(remembered)

    async def wake_due(self) -> int:
        """Wake the streams whose time has come, at most 500; returns how many."""
        now = self._clock.now()
        rows = await self._rows.find({"wake_at": {"$lte": now}}).sort("wake_at", 1).limit(PAGE).to_list()
        answers = await self._executor.submit_all([self._wake(row) for row in rows])
        quiet = [row for row, answer in zip(rows, answers, strict=True) if _was_quiet(answer)]
        failed = [(row, answer) for row, answer in zip(rows, answers, strict=True) if isinstance(answer, Exception)]
        await self._rest(quiet, failed)
        await self.flush()
        changed = [row["_id"] for row, answer in zip(rows, answers, strict=True) if not isinstance(answer, Exception)]
        known = await self._executor.states(changed) if changed else {}
        await self.write({stream: one for stream, one in known.items() if isinstance(one, Known)})
        return len(rows)

    async def _rest(self, quiet: list[Document], failed: list[tuple[Document, Exception]]) -> None:
        """Delete the rows that led to nothing; put off those that failed, so that they hold up nobody."""
        later = self._clock.now() + RETRY_AFTER
        changes: list[DeleteOne | UpdateOne] = [DeleteOne(_seen(row)) for row in quiet]
        for row, failure in failed:
            log.error("timer.failed", stream=row["_id"], error_code=type(failure).__name__)
            changes.append(UpdateOne(_seen(row), {"$set": {"wake_at": later}}))
        if changes:
            await self._rows.bulk_write(changes, ordered=False)

    def _wake(self, row: Document) -> Submission:
        stream, due_at = row["_id"], row["due_at"]
        decider = self._executor.decider_of(stream)
        assert decider.wake is not None, f"{decider.kind} has deadlines but nothing to be woken with"
        cause = deadline_cause(stream, row["version"], int(due_at.timestamp() * 1000))
        return Submission(decider.wake(stream, due_at), cause, not_before=due_at)

    def _has_deadlines(self, stream: str) -> bool:
        decider = self._executor.deciders.get(stream.partition("/")[0])
        return decider is not None and decider.due is not None

    def _change(self, stream: str, version: int, due: datetime | None) -> UpdateOne | DeleteOne:
        older: dict[str, Any] = {"_id": stream, "version": {"$lt": version}}
        if due is None:
            return DeleteOne({"_id": stream, "version": {"$lte": version}})
        return UpdateOne(older, {"$set": {"version": version, "due_at": due, "wake_at": due}}, upsert=True)

    async def _measure_skew(self) -> None:
        """Compare clocks once a minute; above 2 s either way is an alarm (docs/runbook/clock-skew.md)."""
        now = asyncio.get_running_loop().time()
        if self._skew_at and now - self._skew_at < SKEW_EVERY:
            return
        self._skew_at = now
        hello = await self._database.command("hello")
        SKEW.set((self._clock.now().replace(tzinfo=None) - hello["localTime"].replace(tzinfo=None)).total_seconds())


def _seen(row: Document) -> Document:
    return {"_id": row["_id"], "version": row["version"], "due_at": row["due_at"]}


def _was_quiet(answer: Outcome | Exception) -> bool:
    return isinstance(answer, Outcome) and not answer.recorded
