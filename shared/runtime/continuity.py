"""Whether this journal continues what the world was told: one from a backup must not, until `recover` made it whole.

A journal that is behind takes only what may not wait, worries; and whatever it takes gets an epoch that nobody has seen
(docs/design.md, Restore; docs/decisions/0014).
"""

import asyncio
from collections.abc import Collection

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.commit import Document
from shared.runtime.errors import JournalBehind
from shared.runtime.gauges import RELAY_STUCK
from shared.runtime.mongo import durable
from shared.runtime.producer import FAILURES
from shared.runtime.restore_guard import check

log = structlog.get_logger()
EPOCHS = "epochs"
CURRENT = "current"
LOOK_WITHIN_S = 1.5
"""At a start Kafka gets so long to say what the world was told; ready within 2 s is promised. The relay looks again."""


class Continuity:
    """A `Journal`. `always` are the kinds of stream that take inputs even when the journal is behind; None: all."""

    def __init__(
        self,
        service: str,
        database: AsyncDatabase[Document],
        kafka_servers: str,
        *,
        always: Collection[str] | None = (),
    ) -> None:
        self.epoch = 0
        self.behind = False
        self._service = service
        self._database = database
        self._servers = kafka_servers
        self._always = always

    async def begin(self) -> None:
        """Read the epoch, and look whether the journal is behind, as far as Kafka can say so soon."""
        self.epoch = await current(self._database)
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                await self.look()
        except JournalBehind:
            log.error("journal.behind", outcome="run recover")
        except (TimeoutError, *FAILURES) as failed:
            log.warning("journal.not_compared", error_code=type(failed).__name__, outcome="the relay looks again")

    async def look(self) -> None:
        """Compare the journal with Kafka. Raises `JournalBehind`, with a new epoch begun, or a KafkaError."""
        try:
            await check(self._service, self._database, self._servers)
        except JournalBehind as behind:
            self.behind = True
            RELAY_STUCK.labels("journal_behind").set(1)
            self.epoch = await begin_after(self._database, behind.epoch)
            raise
        RELAY_STUCK.labels("journal_behind").set(0)
        if self.behind:
            self.behind = False
            self.epoch = await current(self._database)

    def takes(self, stream: str) -> bool:
        """See `Journal.takes`."""
        return not self.behind or self._always is None or stream.partition("/")[0] in self._always


async def current(database: AsyncDatabase[Document]) -> int:
    """The epoch of this database; 0 for one that was never restored."""
    found = await durable(database, EPOCHS).find_one({"_id": CURRENT})
    return int(found["number"]) if found else 0


async def begin_after(database: AsyncDatabase[Document], seen: int) -> int:
    """Make sure that the epoch is above `seen`, the highest one the world has seen; harmless to ask again."""
    epochs = durable(database, EPOCHS)
    await epochs.update_one({"_id": CURRENT}, {"$max": {"number": seen + 1}}, upsert=True)
    return await current(database)
