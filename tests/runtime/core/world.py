"""What the tests on a real MongoDB share: a running executor over a fresh journal, and polling with a deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.events.recorded import Recorded
from shared.runtime.clock import Clock
from shared.runtime.commit import Commit, recorded
from shared.runtime.executor import AfterCommit, Executor
from shared.runtime.mongo import MongoStore
from shared.testing.clock import HandClock
from shared.testing.running import running
from tests.runtime.core.shop import DECIDERS, NOW

Database = AsyncDatabase[dict[str, Any]]


@asynccontextmanager
async def service(
    database: Database, clock: Clock | None = None, after_commit: AfterCommit | None = None
) -> AsyncIterator[Executor]:
    """An executor that runs over `database`."""
    store = MongoStore(database)
    await store.ensure_indexes()
    executor = Executor("support", DECIDERS, store, clock or HandClock(NOW), after_commit=after_commit)
    async with running(executor):
        yield executor


async def until(check: Callable[[], Awaitable[object]], *, within: float = 15.0) -> None:
    """Ask again and again until `check` gives something true; fails after `within` seconds."""
    give_up = time.monotonic() + within
    while not await check():
        assert time.monotonic() < give_up, "it did not happen in time"
        await asyncio.sleep(0.02)


class Heard:
    """A follower's handler that keeps what it is given; may fail for a while."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.failing: Exception | None = None

    async def __call__(self, commits: list[Commit]) -> None:
        if self.failing is not None:
            raise self.failing
        self.commits += commits

    @property
    def ids(self) -> list[str]:
        """Commits in the order they came, each once."""
        return list(dict.fromkeys(commit.id for commit in self.commits))

    @property
    def events(self) -> list[Recorded]:
        return [event for commit in self.commits for event in recorded(commit)]

    async def has(self, count: int) -> bool:
        """Whether so many different commits came."""
        return len(self.ids) >= count
