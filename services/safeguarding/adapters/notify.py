"""Sends every requested page to every person and channel it goes to: at once after the commit, and again until taken.

The executor's hook wakes it without waiting; the journal's follower is the guarantee; `pages` in the database remembers
what was handed over, so a restart sends what is missing and two processes do not send the same page.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.safeguarding.adapters.channels import Channels, page_of
from services.safeguarding.domain.commands import NotePage, stream_of
from services.safeguarding.domain.policy import Ladder
from services.safeguarding.domain.rota import Person, Rota
from services.safeguarding.domain.state import Acknowledged, Closed
from shared.events.ids import reaction_cause
from shared.events.recorded import Recorded
from shared.events.safeguarding import PageRequested
from shared.runtime.clock import Clock
from shared.runtime.commit import Commit, recorded
from shared.runtime.errors import Failure
from shared.runtime.executor import Executor, Settled
from shared.runtime.submission import Submission

log = structlog.get_logger()
Document = dict[str, Any]
LOOK_EVERY = 0.25
REFERENCE_LENGTH = 8
GRACE = timedelta(seconds=5)
AT_ONCE = 16
"""Pages in hand per channel: a storm stays small in memory, and a dead channel never holds another one back."""


def reference_of(concern: UUID | str) -> str:
    """What a page calls a concern: the first eight characters of its id."""
    return str(concern)[:REFERENCE_LENGTH]


class Notifier:
    """A part that delivers pages; `link` makes the address of a concern's page."""

    def __init__(
        self,
        *,
        pages: AsyncCollection[Document],
        executor: Executor,
        clock: Clock,
        ladder: Ladder,
        rota: Rota,
        channels: Channels,
        link: Callable[[UUID], str],
    ) -> None:
        self.name = "notifier"
        self._pages = pages
        self._executor = executor
        self._clock = clock
        self._ladder = ladder
        self._rota = rota
        self._channels = channels
        self._link = link
        self._asked: asyncio.Queue[Document] = asyncio.Queue()
        self._lanes: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    def use(self, channels: Channels) -> None:
        """Send by these channels from now on."""
        self._channels = channels

    async def ensure_indexes(self) -> None:
        """Create the index for pages that wait; harmless when it exists."""
        await self._pages.create_indexes([IndexModel([("state", 1), ("next_at", 1)])])

    def wake(self, written: Sequence[Settled]) -> None:
        """The executor's hook: take note of new pages without waiting for anything."""
        for one in written:
            self._note(recorded(one.commit))

    async def __call__(self, commits: Sequence[Commit]) -> None:
        """As a follower's handler: remember every page that was asked for, in one write, then see to it."""
        pages = [page for commit in commits for page in self._note(recorded(commit))]
        if pages:
            kept = [UpdateOne({"_id": page["_id"]}, {"$setOnInsert": page}, upsert=True) for page in pages]
            await self._pages.bulk_write(kept, ordered=False)

    def _note(self, events: Sequence[Recorded]) -> list[Document]:
        pages = [page for event in events for page in self._pages_of(event)]
        for page in pages:
            self._asked.put_nowait(page)
        return pages

    def _pages_of(self, event: Recorded) -> list[Document]:
        if not isinstance(event.event, PageRequested):
            return []
        return [
            {
                "_id": f"{event.event_id}/{person.id}/{channel}",
                "cause": event.event_id,
                "concern": UUID(event.stream.split("/", 1)[1]),
                "person": person.id,
                "channel": channel,
                "role": event.event.role,
                "rung": event.event.ladder_level,
                "asked_at": event.recorded_at,
                "state": "waiting",
                "attempts": 0,
                "next_at": event.recorded_at,
                "busy_until": event.recorded_at,
            }
            for person in self._rota.takers(event.site, event.event.role)
            for channel in person.channels
        ]

    async def run(self) -> None:
        """Deliver until cancelled: new pages at once, the others when their time comes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_again(tasks))
            while True:
                page = await self._asked.get()
                tasks.create_task(self._deliver(page))

    async def _look_again(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = self._clock.now()
            unfinished = {
                "state": {"$in": ["waiting", "unnoted"]},
                "next_at": {"$lte": now},
                "busy_until": {"$lte": now},
            }
            try:
                async for page in self._pages.find(unfinished).limit(500):
                    tasks.create_task(self._deliver(page))
            except PyMongoError as failed:
                log.warning("page.look_failed", error_code=type(failed).__name__)

    async def _deliver(self, page: Document) -> None:
        try:
            if page["state"] == "unnoted":
                await self._record(page, delivered=True)
                return
            async with self._lanes[page["channel"]]:
                claimed = await self._claim(page)
                if claimed and await self._still_wanted(claimed):
                    await self._attempt(claimed)
        except (PyMongoError, Failure) as failed:
            log.warning("page.retried", error_code=type(failed).__name__, attempt=page["attempts"])

    async def _claim(self, page: Document) -> Document | None:
        """The page, for this process alone until its time-out; None where it is sent or somebody else's."""
        now = self._clock.now()
        busy_until = now + timedelta(seconds=self._ladder.delivery.timeout) + GRACE
        mine = {**page, "busy_until": busy_until}
        if page["attempts"] == 0:
            try:
                await self._pages.insert_one(mine)
            except DuplicateKeyError:
                pass
            else:
                return mine
        free = {"_id": page["_id"], "state": "waiting", "next_at": {"$lte": now}, "busy_until": {"$lte": now}}
        found: Document | None = await self._pages.find_one_and_update(
            free, {"$set": {"busy_until": busy_until}}, return_document=ReturnDocument.AFTER
        )
        return found

    async def _still_wanted(self, page: Document) -> bool:
        """A page that failed before is not sent once somebody has taken the concern, or after its last time."""
        if page["attempts"] == 0:
            return True
        state, _ = await self._executor.state(stream_of(page["concern"]))
        too_old = self._clock.now() > page["asked_at"] + timedelta(seconds=self._ladder.delivery.give_up_after)
        if too_old or isinstance(state, Acknowledged | Closed):
            await self._pages.update_one({"_id": page["_id"]}, {"$set": {"state": "given_up"}})
            log.warning("page.given_up", stream=stream_of(page["concern"]), outcome="too_old" if too_old else "taken")
            return False
        return True

    async def _attempt(self, page: Document) -> None:
        person = self._person(page["person"])
        message = page_of(page["_id"], reference_of(page["concern"]), self._link(page["concern"]), self._ladder.wording)
        channel = self._channels.get(page["channel"])
        try:
            if person is None or channel is None:
                raise LookupError("nobody, or no such channel")
            async with asyncio.timeout(self._ladder.delivery.timeout):
                await channel.send(message, person, now=self._clock.now())
        except Exception as failed:  # noqa: BLE001 - whatever a far end does, the page is tried again
            await self._failed(page, type(failed).__name__)
            return
        await self._pages.update_one({"_id": page["_id"]}, {"$set": {"state": "unnoted"}})
        await self._record(page, delivered=True)

    async def _failed(self, page: Document, why: str) -> None:
        attempts = page["attempts"] + 1
        now = self._clock.now()
        next_at = now + timedelta(seconds=self._ladder.delivery.retry_after(attempts))
        again = {"attempts": attempts, "next_at": next_at, "busy_until": now}
        await self._pages.update_one({"_id": page["_id"]}, {"$set": again})
        log.error("page.failed", stream=stream_of(page["concern"]), attempt=attempts, error_code=why, outcome="retry")
        if attempts == 1:
            await self._record(page, delivered=False)

    async def _record(self, page: Document, delivered: bool) -> None:
        """Put into the concern's record whether the channel took the page; the same note twice is once."""
        stream = stream_of(page["concern"])
        note = NotePage(page["concern"], page["rung"], page["role"], page["channel"], delivered)
        cause = reaction_cause(page["cause"], stream, f"NotePage/{page['person']}/{page['channel']}", int(delivered))
        await self._executor.submit(Submission(note, cause))
        if delivered:
            await self._pages.update_one({"_id": page["_id"]}, {"$set": {"state": "sent"}})

    def _person(self, name: str) -> Person | None:
        return next((person for person in self._rota.people if person.id == name), None)
