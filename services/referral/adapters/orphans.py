"""Takes out of the vault what was sealed for a referral that never was committed: nobody may keep it."""

import asyncio

import structlog
from pymongo.asynchronous.collection import AsyncCollection

from shared.runtime.commit import Document
from shared.runtime.vault import Vault

log = structlog.get_logger()
EVERY_S = 1800.0


class Orphans:
    """A Part: sweeps at its start and twice an hour."""

    def __init__(self, vault: Vault, commits: AsyncCollection[Document]) -> None:
        self.name = "vault-sweep"
        self._vault = vault
        self._commits = commits

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            if await self._vault.sweep(self._commits):
                log.info("vault.swept", outcome="swept")
            await asyncio.sleep(EVERY_S)
