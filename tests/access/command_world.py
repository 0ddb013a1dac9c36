"""One service's audit as its operator meets it: settings, an audit database, a folder of heads, and the command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument

from services.referral.settings import Settings
from shared.access.audit.command import audited
from shared.access.audit.log import COLLECTION
from shared.access.audit.publishing import heads_path
from tests.access.audited import SERVICE, Log


@dataclass
class World:
    """A service's settings, its audit database, and what the command said last."""

    settings: Settings
    database: Any
    key: bytes
    said: list[str]

    @property
    def folder(self) -> Path:
        return self.settings.audit_heads

    async def ask(self, *arguments: str) -> int:
        """Ask it, and give the exit code."""
        self.said.clear()
        return await audited(self.settings, SERVICE, arguments, say=self.said.append)

    async def hold(self, log: Log) -> None:
        """Put a log and its heads in place. Raises what a database raises that will not have it."""
        await self.database[COLLECTION].delete_many({})
        await self.database[COLLECTION].insert_many([RawBSONDocument(raw) for raw in log.documents.values()])
        self.folder.mkdir(exist_ok=True)
        heads_path(self.folder, SERVICE).write_bytes(b"".join(line + b"\n" for line in log.heads))

    @property
    def faults(self) -> list[str]:
        return [line for line in self.said if line.startswith("FAULT")]
