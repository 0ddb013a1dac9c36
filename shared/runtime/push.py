"""The fast path of a worry: every instance posts urgent events to safeguarding itself, Kafka or no Kafka, for ever."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from bson.timestamp import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from shared.events.catalogue import URGENT
from shared.runtime.changes import LOOK_MS, JournalEnded
from shared.runtime.commit import Commit
from shared.runtime.ending import end
from shared.runtime.gauges import OVERDUE, UNDELIVERED
from shared.runtime.handover import Handover
from shared.runtime.looking import Looking
from shared.runtime.mongo import COMMITS, durable
from shared.runtime.outgoing import Outgoing, outgoing
from shared.runtime.push_position import PushPosition
from shared.runtime.scan import pages
from shared.runtime.tail import HISTORY_LOST
from shared.runtime.transient import pause

log = structlog.get_logger()

PATH = "/api/signals"
ANSWER_WITHIN = 3.0
ENCLOSED_WITHIN = 1.0
"""Seconds that a worry waits for what is to go along with it; then it goes alone."""
LONGEST_PAUSE = 1.0
OVERDUE_AFTER = 10.0
REMIND_EVERY = 60.0
"""Seconds. An undelivered worry is tried about once a second for ever, and alarms after ten (docs/decisions/0004)."""


Enclose = Callable[[Outgoing], Awaitable[Mapping[str, str]]]
"""What goes along with an event, by name, beside `headers` and `data`; it is on no topic and in no journal."""


async def _nothing(_: Outgoing) -> Mapping[str, str]:
    return {}


@dataclass(slots=True, eq=False)
class _Step:
    """A place in the journal, and how many of its events and of those it stands for are still undelivered."""

    at: Timestamp
    undelivered: int


class Push:
    """A Part: delivers each urgent event independently of every other, to whichever of `urls` takes it.

    `prove` makes the header Authorization, anew for each try: what it says may be believed only once.

    The position passes an event only when it and all before it were answered 2xx; each start begins there, and what is
    pushed twice is one concern, by its signal id.
    """

    def __init__(
        self,
        service: str,
        database: AsyncDatabase[dict[str, Any]],
        urls: Sequence[str],
        prove: Callable[[], str],
        *,
        handover: Handover | None = None,
        enclose: Enclose = _nothing,
    ) -> None:
        self.name = "push"
        self._enclose = enclose
        self._types = frozenset(wire for wire in URGENT if wire.startswith(f"{service}."))
        self._handover = handover or Handover()
        self._prove = prove
        self._urls = tuple(url.rstrip("/") + PATH for url in urls)
        self._client = database.client
        self._commits = durable(database, COMMITS)
        self._position = PushPosition(database)
        self._steps: deque[_Step] = deque()
        self._flying: dict[str, list[_Step]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._good = 0

    async def run(self) -> None:
        """Push until cancelled. Raises what the journal raises; the next run begins at the saved position."""
        limits = httpx.Limits(max_connections=64)
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN, trust_env=False, limits=limits) as http:
            saving = asyncio.create_task(self._save(), name="push saving")
            try:
                async with contextlib.aclosing(self._journal()) as journal:
                    async for at, commits in journal:
                        self._start(http, at, commits)
            finally:
                await self._stop(saving)

    async def _stop(self, saving: asyncio.Task[None]) -> None:
        await end([saving, *self._deliveries])
        self._steps.clear()
        self._flying.clear()

    async def _journal(self) -> AsyncGenerator[tuple[Timestamp, list[Commit]], None]:
        """Commits with urgent events, and the place up to which a start that finds them delivered may skip."""
        start = await self._position.read()
        try:
            if start is not None:
                async for step in self._watch(start):
                    yield step
        except OperationFailure as failure:
            if failure.code not in HISTORY_LOST:
                raise
            log.warning("push.place_lost", error_code=str(failure.code), outcome="scanning")
        async with self._client.start_session(causal_consistency=True) as session:
            await self._client.admin.command("ping", session=session)
            noted = session.operation_time
            assert noted is not None
            after = self._position.scan_from
            found = [
                commit
                async for page in pages(self._commits, after=after, only_types=self._types, session=session)
                for commit in page
            ]
        yield noted, found
        async for step in self._watch(noted):
            yield step

    async def _watch(self, start: Timestamp) -> AsyncGenerator[tuple[Timestamp, list[Commit]], None]:
        """Changes from an operation time on, that time's own included: repeats are harmless, gaps are not."""
        urgent = {"operationType": "insert", "fullDocument.events.type": {"$in": sorted(self._types)}}
        pipeline = [{"$match": {"$or": [urgent, {"operationType": {"$ne": "insert"}}]}}]
        async with await self._commits.watch(
            pipeline, start_at_operation_time=start, max_await_time_ms=LOOK_MS
        ) as stream:
            looking = Looking()
            with self._handover.to(lambda commits: self._hurry(looking, commits)):
                while stream.alive:
                    looking.begin()
                    change = await stream.try_next()
                    if change is None:
                        await looking.rest()
                        continue
                    if change["operationType"] != "insert":
                        break
                    yield change["clusterTime"], [Commit.from_document(change["fullDocument"])]
        raise JournalEnded("the change stream ended")

    def _hurry(self, looking: Looking, commits: Sequence[Commit]) -> None:
        """Something urgent was appended here, or something whose answer was lost."""
        if not commits or any(entry.type in self._types for commit in commits for entry in commit.entries):
            looking.at_once()

    def _start(self, http: httpx.AsyncClient, at: Timestamp, commits: list[Commit]) -> None:
        events = [event for commit in commits for event in outgoing(commit) if event.type in self._types]
        step = _Step(at, len(events))
        self._steps.append(step)
        self._moved.set()
        for event in events:
            flying = self._flying.setdefault(event.id, [])
            flying.append(step)
            if len(flying) > 1:  # a scan and the stream after it may both find an event
                continue
            delivery = asyncio.create_task(self._deliver(http, event), name="push")
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)

    async def _deliver(self, http: httpx.AsyncClient, event: Outgoing) -> None:
        alarm = _Alarm()
        UNDELIVERED.inc()
        try:
            enclosed = await self._enclosed(event)
            for attempt in range(1 << 62):
                if await self._offer(http, event, enclosed):
                    break
                alarm.undelivered(attempt + 1)
                await asyncio.sleep(pause(attempt, longest=LONGEST_PAUSE))
        finally:
            UNDELIVERED.dec()
            alarm.over()
        for step in self._flying.pop(event.id):
            step.undelivered -= 1
        self._moved.set()

    async def _enclosed(self, event: Outgoing) -> Mapping[str, str]:
        """What goes along; nothing where that cannot be had in time: no worry waits for it."""
        try:
            async with asyncio.timeout(ENCLOSED_WITHIN):
                return await self._enclose(event)
        except Exception as failed:  # noqa: BLE001 - whatever it is, the worry goes
            log.warning("push.alone", error_code=type(failed).__name__)
            return {}

    async def _offer(self, http: httpx.AsyncClient, event: Outgoing, enclosed: Mapping[str, str]) -> bool:
        """Offer the event to each address in turn, the one that took the last event first; whether one answered 2xx."""
        attributes = {name: value.decode() for name, value in event.headers if name.startswith("ce_")}
        headers = {
            "Idempotency-Key": attributes["ce_id"],
            "X-Correlation-Id": attributes.get("ce_correlationid", attributes["ce_causationid"]),
        }
        body = {**enclosed, "headers": attributes, "data": event.data}
        for turn in range(len(self._urls)):
            choice = (self._good + turn) % len(self._urls)
            proved = headers | {"Authorization": self._prove()}
            try:
                answer = await http.post(self._urls[choice], json=body, headers=proved)
            except httpx.HTTPError:
                continue
            if answer.is_success:
                self._good = choice
                return True
        return False

    async def _save(self) -> None:
        """Move the saved position past every step that has nothing undelivered before it."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            passed = None
            while self._steps and self._steps[0].undelivered == 0:
                passed = self._steps.popleft()
            if passed is not None:
                await self._pass(passed)

    async def _pass(self, passed: _Step) -> None:
        try:
            await self._position.passed(passed.at)
        except PyMongoError as failure:
            log.warning("push.place_unsaved", error_code=type(failure).__name__, outcome="again")
            self._steps.appendleft(passed)
            await asyncio.sleep(LONGEST_PAUSE)
            self._moved.set()


class _Alarm:
    """Says that an event is overdue, when it becomes so and once a minute after."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._next = self._since + OVERDUE_AFTER
        self._overdue = False

    def undelivered(self, attempts: int) -> None:
        """An attempt has failed."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + REMIND_EVERY
        if not self._overdue:
            self._overdue = True
            OVERDUE.inc()
        log.error("push.overdue", attempt=attempts, duration_ms=int((now - self._since) * 1000), outcome="undelivered")

    def over(self) -> None:
        """Delivered, or left to the next run."""
        if self._overdue:
            OVERDUE.dec()
