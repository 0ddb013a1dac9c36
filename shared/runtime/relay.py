"""Carries every committed event to Kafka, in the order of its stream and at least once, one instance at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime import restore_guard
from shared.runtime.commit import Commit
from shared.runtime.errors import JournalBehind
from shared.runtime.gauges import RELAY_STUCK, RELAYED
from shared.runtime.handover import Handover
from shared.runtime.lease import LEASE_SECONDS, Lease
from shared.runtime.outgoing import outgoing
from shared.runtime.producer import FAILURES, Producer
from shared.runtime.tail import Follower
from shared.runtime.transient import pause

log = structlog.get_logger()

LONGEST_PAUSE = 2.0
LOOK_WITHIN = 60.0
"""Seconds a look may take; one during which Kafka died would else never end, and nothing would be relayed again."""
LOOK_AGAIN_AFTER = 30.0
"""Seconds between looks at a journal that is behind Kafka, until `recover` has brought it level."""


class Relay:
    """A Part: one instance at a time, by a lease; two at once only duplicate.

    `look` compares the journal with Kafka before anything is sent; it raises `JournalBehind`.
    The position is saved after Kafka's confirms. Whatever fails, it starts again there, with a new producer.
    """

    def __init__(
        self,
        service: str,
        database: AsyncDatabase[dict[str, Any]],
        kafka_servers: str,
        *,
        handover: Handover | None = None,
        look: Callable[[], Awaitable[None]] | None = None,
        lease_seconds: float = LEASE_SECONDS,
        look_within: float = LOOK_WITHIN,
    ) -> None:
        self.name = "relay"
        self.relayed = 0
        self._database = database
        self._servers = kafka_servers
        self._handover = handover
        self._lease = Lease(database, self.name, seconds=lease_seconds)
        self._look = look or partial(restore_guard.check, service, database, kafka_servers)
        self._look_within = look_within
        self._checked = False

    async def run(self) -> None:
        """Relay whenever this instance holds the lease, until cancelled. Raises what the journal raises."""
        while True:
            await self._lease.hold(self._relay)

    async def _relay(self) -> None:
        """Relay until cancelled, however often Kafka goes away."""
        attempt = 0
        while True:
            before = self.relayed
            try:
                await self._relay_once()
            except JournalBehind as behind:
                RELAY_STUCK.labels("journal_behind").set(1)
                log.error("relay.refused", error_code=type(behind).__name__, outcome="run recover")
                await asyncio.sleep(LOOK_AGAIN_AFTER)
            except FAILURES as failure:
                attempt = 0 if self.relayed > before else attempt + 1
                RELAY_STUCK.labels("kafka").set(1)
                log.warning("relay.failed", attempt=attempt, error_code=type(failure).__name__, outcome="again")
                await asyncio.sleep(pause(attempt, longest=LONGEST_PAUSE))

    async def _relay_once(self) -> None:
        if not self._checked:
            async with asyncio.timeout(self._look_within):
                await self._look()
            self._checked = True
            RELAY_STUCK.labels("journal_behind").set(0)
        async with Producer(self._servers) as producer:
            RELAY_STUCK.labels("kafka").set(0)

            async def publish(commits: list[Commit]) -> None:
                sent = await producer.send(event for commit in commits for event in outgoing(commit))
                self.relayed += sent
                RELAYED.inc(sent)

            await Follower(self.name, self._database, publish, as_stored=True, handover=self._handover).run()
