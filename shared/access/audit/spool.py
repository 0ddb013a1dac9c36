"""A file for the entries of the one operation that may not wait for the log; a part chains them when it answers again.

Which operation that is stands in the policy table (`spooled`). A line is under a seal, so that nobody without the key
can have an entry chained; lines that were lost with the disk are lost, and nothing shows it.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import structlog
from prometheus_client import Gauge

from shared.access.audit.chain import Entry, sealed, unsealed
from shared.access.audit.lines import LineFile, alone
from shared.access.audit.log import AuditLog
from shared.access.guard import Admission
from shared.runtime.errors import Failure, Unavailable

log = structlog.get_logger()
CHAINED_WITHIN_S = 0.5
"""What somebody who waits for a telephone number waits for the log."""
LOOK_EVERY_S = 1.0
MARK = "spooled, "
"""Before the outcome of an entry that was chained later; its time is that of the request."""
SPOOLED = Gauge("beside_audit_spooled_bytes", "Bytes of audit entries that wait in the file and are in no chain yet")
REFUSED = Gauge("beside_audit_spool_refused", "Lines of the spool that were changed or forged, since the start")


def spool_path(folder: Path, service: str) -> Path:
    """Where entries wait."""
    return folder / f"{service}.spool.jsonl"


def refused_path(folder: Path, service: str) -> Path:
    """Where lines are put aside that were changed or forged."""
    return folder / f"{service}.spool.refused.jsonl"


class SpooledAudit:
    """The guard's `Audit`, and a Part. Instances that share a folder share the files."""

    def __init__(self, audit: AuditLog, folder: Path, service: str, key: bytes) -> None:
        self.name = "audit spool"
        self._audit = audit
        self._file = LineFile(spool_path(folder, service))
        self._refused = LineFile(refused_path(folder, service))
        self._chaining = folder / f"{service}.spool.chaining"
        self._key = key

    async def note(self, admission: Admission) -> None:
        """See `guard.Audit`. What may be spooled is on this disk at least on return; all else is in the log."""
        if not admission.spooled:
            await self._audit.note(admission)
            return
        entry = self._audit.entry(admission)
        try:
            async with asyncio.timeout(CHAINED_WITHIN_S):
                await self._audit.keep(entry, within=CHAINED_WITHIN_S)
        except (Failure, TimeoutError) as failed:
            log.warning("audit.spooled", error_code=type(failed).__name__)
            await self._spool(replace(entry, outcome=f"{MARK}{entry.outcome}"))

    async def _spool(self, entry: Entry) -> None:
        try:
            await asyncio.to_thread(self._file.append, [sealed(self._key, entry.content())])
        except OSError as failed:
            raise Unavailable(type(failed).__name__) from failed

    async def run(self) -> None:
        """Chain what waits, until cancelled."""
        while True:
            try:
                await self.chain()
            except (Failure, OSError) as failed:
                log.warning("audit.spool_waiting", error_code=type(failed).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def chain(self) -> int:
        """Chain what waits and empty the file; returns how many lines it held. Raises `Failure` or `OSError`.

        Killed in between, the next one finds the entries in the log by their ids. One process at a time chains.
        """
        SPOOLED.set(self._file.size())
        if not self._file.size():
            return 0
        with alone(self._chaining) as mine:
            return await self._chain_all() if mine else 0

    async def _chain_all(self) -> int:
        count = place = 0
        while True:
            lines, place = await asyncio.to_thread(self._file.read, place)
            if not lines and await asyncio.to_thread(self._file.empty, place):
                SPOOLED.set(0)
                return count
            for line in lines:
                await self._chain_one(line)
            count += len(lines)

    async def _chain_one(self, line: bytes) -> None:
        entry = unsealed(self._key, line)
        if entry is None:
            REFUSED.inc()
            log.error("audit.spool_refused", outcome="put aside")
            await asyncio.to_thread(self._refused.append, [line])
        elif not await self._audit.has(entry):
            await self._audit.keep(entry)
