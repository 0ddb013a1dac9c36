"""What the list, the calls of other services and the live stream read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from services.safeguarding.adapters.inbox import Inbox
from services.safeguarding.adapters.notify import reference_of
from services.safeguarding.domain.commands import KIND, stream_of
from services.safeguarding.domain.decide import URGENCY
from services.safeguarding.domain.state import Closed, NotRaised
from services.safeguarding.domain.views import OPEN
from shared.access.guard import placed, within
from shared.access.reach import Reach
from shared.programmes.model import NO_SITE
from shared.runtime.commit import Commit
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope

Document = dict[str, Any]
KEEP_ALIVE_SECONDS = 5.0
"""Also how late a list is that another instance's follower changed: it is read again at least this often."""
MOST_LISTED = 500
UNKNOWN = ("safeguarding.no_such_concern", "There is no concern with this reference.")


class Queries:
    """Reads the list from its view, and what safety hangs on from the journal itself."""

    def __init__(
        self,
        *,
        concerns: AsyncCollection[Document],
        cases: AsyncCollection[Document],
        lost_phones: AsyncCollection[Document],
        commits: AsyncCollection[Document],
        executor: Executor,
        inbox: Inbox,
    ) -> None:
        self._concerns = concerns
        self._cases = cases
        self._lost_phones = lost_phones
        self._commits = commits
        self._executor = executor
        self._inbox = inbox

    async def ensure_indexes(self) -> None:
        """Create the indexes that reading by case and by status needs; harmless when they exist."""
        await self._commits.create_indexes([IndexModel([("events.case", 1)], sparse=True)])
        await self._concerns.create_indexes([IndexModel([("status", 1)])])

    async def listed(self, reach: Reach, *, closed: bool = False) -> list[Document]:
        """The list as far as the one who asks may see: most urgent first, then what must be answered next."""
        wanted: Document = {} if closed else {"status": {"$in": list(OPEN)}}
        found = await self._concerns.find({"$and": [reach.query(), wanted]}).limit(MOST_LISTED).to_list()
        lost = await self._lost(found)
        return [shown(one, lost) for one in sorted(found, key=_order)]

    async def one(self, concern: UUID) -> Document | None:
        """One concern of the list, whoever asks: what a page's link shows."""
        found = await self._concerns.find_one({"_id": str(concern)})
        return shown(found, await self._lost([found])) if found else None

    async def _lost(self, concerns: Sequence[Document]) -> dict[str, datetime]:
        """Of the phones that these concerns came from, when those that were forgotten were (S30)."""
        phones = [phone for phone in (one.get("device") for one in concerns) if phone]
        if not phones:
            return {}
        found = await self._lost_phones.find({"_id": {"$in": phones}}).to_list()
        return {one["_id"]: one["lost_at"] for one in found}

    async def holds(self, case: UUID) -> bool:
        """Whether a concern about `case` is open (SAFETY S24); read from the journal, so no view can lag behind it."""
        if await self._inbox.waits_for(case):
            return True
        streams = await self._commits.distinct("stream", {"events.case": case})
        concerns = [stream for stream in streams if stream.startswith(f"{KIND}/")]
        states = [(await self._executor.state(stream))[0] for stream in concerns]
        return any(not isinstance(state, Closed | NotRaised) for state in states)

    async def check(self, concern: UUID, reach: Reach) -> None:
        """Raises `NotFound` for a concern that is not there or out of reach, as the journal has it."""
        first = await self._first(concern)
        within(reach, placed(first) if first else None, UNKNOWN)

    async def scope_of(self, case: UUID | None) -> Scope | None:
        """The provider and site a case belongs to; None where that is not known here."""
        found = await self._cases.find_one({"_id": str(case)}) if case else None
        return Scope(found["provider"], found["site"]) if found else None

    async def referrer_of(self, case: UUID) -> str | None:
        """The organisation that sent a case; None where that is not known here."""
        found = await self._cases.find_one({"_id": str(case)})
        return found.get("organisation") if found else None

    async def site_of(self, concern: UUID) -> str:
        """The site whose rota answers for a concern."""
        first = await self._first(concern)
        return str(first["site"]) if first else NO_SITE

    async def _first(self, concern: UUID) -> Document | None:
        return await self._commits.find_one({"_id": f"{stream_of(concern)}/{1:010d}"}, {"site": 1, "provider": 1})


def shown(document: Document, lost: Mapping[str, datetime]) -> Document:
    """A list entry as it is handed out: codes and times, no identity; of the phone only whether it was lost (S30)."""
    entry = {name: value for name, value in document.items() if not name.startswith("_") and name != "device"}
    lost_at = lost.get(document.get("device") or "")
    return {"id": document["_id"], "reference": reference_of(document["_id"]), **entry, "phone_lost_at": lost_at}


def _order(document: Document) -> tuple[int, bool, datetime]:
    urgency = URGENCY.get(document.get("level", "now"), max(URGENCY.values()))
    next_at = document.get("answer_by")
    return -urgency, next_at is None, next_at or document["raised_at"]


class Live:
    """Tells every open list that something changed."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._listeners: set[asyncio.Event] = set()

    async def __call__(self, _commits: Sequence[Commit]) -> None:
        """As a follower's handler, after the view: the list may have changed."""
        for listener in self._listeners:
            listener.set()

    async def stream(self, reach: Reach, stopping: asyncio.Event) -> AsyncIterator[bytes]:
        """Server-sent events: the whole list at once, again whenever it changed; a comment in between."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        last = b""
        try:
            while not stopping.is_set():
                changed.clear()
                now = orjson.dumps(await self._queries.listed(reach))
                yield b"event: concerns\ndata: " + now + b"\n\n" if now != last else b": still here\n\n"
                last = now
                await _first_of(changed, stopping, within=KEEP_ALIVE_SECONDS)
        finally:
            self._listeners.discard(changed)


async def _first_of(*events: asyncio.Event, within: float) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
