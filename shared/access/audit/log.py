"""Writes the audit log of one process: entries join the batch that forms, durable before the answer they are about."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.access.audit.chain import OUTCOME, START, UNREADABLE, Entry, Head, code, linked
from shared.access.audit.publishing import HeadsFile
from shared.access.guard import Admission
from shared.runtime.batch import AGAIN, Again, GroupCommit
from shared.runtime.clock import Clock, new_id
from shared.runtime.durable import durable, unavailable

log = structlog.get_logger()
COLLECTION = "entries"
NOTE_WITHIN_S = 2.0
HEAD_EVERY_S = 60.0
UNCERTAIN = Counter("beside_audit_uncertain_batches", "Batches of audit entries that the database did not confirm")
UNWRITTEN = Gauge("beside_audit_heads_unwritten", "1 while the file of audit heads cannot be written")


async def _nowhere() -> None:
    """Heads that are carried no further than the file."""


class AuditLog:
    """A Part. `database` is the audit's own; each minute's head goes to `heads`; after the last one comes `carry`.

    One batch is under way at a time, since each entry stands on the one before. A batch that was not confirmed may be
    there or not, whole or in part: its chain is left as it stands, and its entries go into a new one under their ids.
    """

    def __init__(
        self,
        service: str,
        database: AsyncDatabase[dict[str, Any]],
        key: bytes,
        clock: Clock,
        *,
        heads: HeadsFile,
        carry: Callable[[], Awaitable[None]] = _nowhere,
    ) -> None:
        self.name = "audit"
        self._service = service
        self._entries = durable(database, COLLECTION)
        self._key = key
        self._clock = clock
        self._file = heads
        self._carry = carry
        self._head = self._fresh()
        self._told = 0
        self._left: list[Head] = []
        self._queue: GroupCommit[Entry, None] = GroupCommit(self._append, name="audit")

    async def ensure_indexes(self) -> None:
        """Create the indexes the log is read by; harmless when they exist."""
        by = ("content.subjects", "content.who")
        await self._entries.create_indexes([IndexModel([(one, ASCENDING), ("content.at", ASCENDING)]) for one in by])

    async def note(self, admission: Admission) -> None:
        """See `guard.Audit`."""
        await self.keep(self.entry(admission))

    def entry(self, admission: Admission) -> Entry:
        """What is kept of a request that was let in or refused, under a fresh id."""
        caller = admission.caller
        return Entry(
            id=new_id().hex,
            who=code(caller.id),
            role=code(caller.role),
            organisation="|".join(map(code, caller.organisations)) or code(caller.provider),
            operation=code(admission.operation),
            subjects=tuple(map(code, admission.subjects)),
            purpose=code(admission.purpose),
            outcome=admission.outcome if OUTCOME.fullmatch(admission.outcome) else UNREADABLE,
            at=self._clock.now(),
            via=caller.via,
            proof=code(caller.proof),
            through=code(caller.through),
        )

    async def keep(self, entry: Entry, *, within: float = NOTE_WITHIN_S) -> None:
        """Keep one entry; durable on return. Raises `Unavailable` or `Overloaded`."""
        await self._queue.submit(entry, within=within)

    async def has(self, entry: Entry) -> bool:
        """Whether the entry is in some chain already. Raises `Unavailable`."""
        content = entry.content()
        same = {f"content.{name}": content[name] for name in ("who", "at", "id")}
        try:
            return await self._entries.find_one(same, {"_id": 1}) is not None
        except PyMongoError as failure:
            raise unavailable(failure) from failure

    async def run(self) -> None:
        """Append, and publish the head each minute, until cancelled; then publish the last one."""
        telling = asyncio.create_task(self._tell_each_minute(), name="audit heads")
        try:
            await self._queue.run()
        finally:
            telling.cancel()
            await self._tell_or_log()
            await self._carry()

    async def tell(self) -> None:
        """Write down the heads that are new since the last time. Raises `OSError`."""
        due = [*self._left, *([self._head] if self._head.length > self._told else ())]
        if not due:
            return
        await asyncio.to_thread(self._file.append, due)
        self._left = [head for head in self._left if head not in due]
        if self._head.chain == due[-1].chain:
            self._told = due[-1].length

    async def _tell_each_minute(self) -> None:
        while True:
            await asyncio.sleep(HEAD_EVERY_S)
            await self._tell_or_log()

    async def _tell_or_log(self) -> None:
        try:
            await self.tell()
            UNWRITTEN.set(0)
        except OSError as failed:
            UNWRITTEN.set(1)
            log.error("audit.head_unwritten", error_code=type(failed).__name__)

    async def _append(self, entries: list[Entry]) -> Sequence[Exception | Again | None]:
        """One batch, in order: what a failure leaves of it is a beginning, and the chain it leaves is whole."""
        if not self._head.chain.startswith(self._today()):
            self._begin()
        documents, head = linked(self._key, self._head, entries)
        try:
            await self._entries.insert_many(documents, ordered=True)
        except PyMongoError as failed:
            UNCERTAIN.inc()
            log.warning("audit.uncertain", count=len(entries), error_code=type(failed).__name__, outcome="a new chain")
            self._begin()
            return [AGAIN] * len(entries)
        except asyncio.CancelledError:
            self._begin()
            raise
        self._head = head
        return [None] * len(entries)

    def _begin(self) -> None:
        """Begin a new chain. What is certain of the old one is still to be told."""
        if self._head.length > self._told:
            self._left.append(self._head)
        self._head, self._told = self._fresh(), 0

    def _today(self) -> str:
        return f"{self._service}/{self._clock.now():%Y-%m-%d}/"

    def _fresh(self) -> Head:
        return Head(f"{self._today()}{new_id().hex[:12]}", 0, START)
