"""A process to be killed: writes an audit log under load, or chains a spool, and says what it was told is durable.

`python -m tests.access.audit_writer load|spool <mongo url> <database> <folder>`
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.access.audit.lines import LineFile
from shared.access.audit.log import AuditLog
from shared.access.audit.publishing import HeadsFile
from shared.access.audit.spool import SpooledAudit, spool_path
from shared.access.caller import Caller
from shared.access.guard import Admission
from shared.runtime.clock import SystemClock
from shared.runtime.durable import connect
from tests.access.audited import KEY, SERVICE

CALLERS = 32
TOLD_EVERY_S = 0.02
SAM = Caller("person", "sam", "triage-worker", "token", provider="nct")


async def load(database: AsyncDatabase[dict[str, Any]], folder: Path) -> None:
    """Callers that note without end; each id is said once its entry is acknowledged."""
    log = AuditLog(SERVICE, database, KEY, SystemClock(), heads=HeadsFile(folder, SERVICE, KEY))
    await log.ensure_indexes()

    async def caller(number: int) -> None:
        while True:
            entry = log.entry(Admission(SAM, "referral.identity", (f"case-{number}",), "", "admitted"))
            await log.keep(entry, within=30)
            os.write(1, f"{entry.id}\n".encode())

    async def heads() -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            await log.tell()

    await asyncio.gather(log.run(), heads(), *map(caller, range(CALLERS)))


class Dying(LineFile):
    """A spool whose process is killed when it comes to emptying it."""

    def empty(self, read: int) -> bool:
        """Says how far it came, and dies."""
        os.write(1, b"chained\n")
        os.kill(os.getpid(), signal.SIGKILL)
        return super().empty(read)


async def spool(database: AsyncDatabase[dict[str, Any]], folder: Path) -> None:
    """Chain what is in the spool and die before it is emptied."""
    log = AuditLog(SERVICE, database, KEY, SystemClock(), heads=HeadsFile(folder, SERVICE, KEY))
    notes = SpooledAudit(log, folder, SERVICE, KEY)
    notes._file = Dying(spool_path(folder, SERVICE))
    await asyncio.gather(log.run(), notes.chain())


async def main(what: str, url: str, name: str, folder: str) -> None:
    """Do what was asked for."""
    async with connect(url) as client:
        await {"load": load, "spool": spool}[what](client[name], Path(folder))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
