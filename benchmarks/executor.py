"""Commands a second through the executor, beside raw grouped inserts of the same documents and one insert a command.

`python -m benchmarks.executor` uses the MongoDB that the tests would use (or starts one) and prints medians of five
interleaved runs. Targets: at 64 and 256 callers at least 0.6 of raw and 4 times one insert a command.
"""

import asyncio
import gc
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from pymongo.asynchronous.database import AsyncDatabase

from deploy.local import surroundings
from deploy.local.testing import local_mongo
from shared.events.codes import Baby, Measure, Signal
from shared.events.event import Event
from shared.events.referral import ConsentChanged, ReferralReceived
from shared.runtime.batch import GroupCommit
from shared.runtime.clock import SystemClock, new_id
from shared.runtime.commit import Document
from shared.runtime.decider import Decider
from shared.runtime.executor import Executor
from shared.runtime.mongo import COMMITS, MongoStore, connect, durable
from shared.runtime.submission import Scope, Submission
from shared.testing.memory import MemoryStore
from shared.testing.running import running

RUNS, CALLERS, COMMANDS = 5, (1, 8, 64, 256), 40_000
SHORT = {1: 400, 8: 3_000}
"""Few callers are slow: fewer commands tell as much."""
EXISTING = 500
SCOPE = Scope("nct", "halton")
BABY = Baby(kind="due", on=date(2027, 3, 1))
SIGNAL = Signal(signal_id=new_id(), code="phq9-item9", level="today")
MEASURE = Measure(instrument="HADS", version="1983", totals={"anxiety": 11}, taken_on=date(2026, 11, 20))
Database = AsyncDatabase[Document]
Call = Callable[[int], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Receive:
    """Take a referral in."""

    case: UUID

    @property
    def stream(self) -> str:
        """The case."""
        return f"case/{self.case}"


def decide(asked: Receive, state: int, /, *, now: datetime) -> list[Event]:
    """A referral as intake records it; on a known case, a change of consent."""
    if state:
        return [ConsentChanged(case=asked.case, occurred_at=now, scope="status_back", given="yes")]
    return [
        ReferralReceived(
            case=asked.case,
            occurred_at=now,
            programme="parents-in-mind",
            source="gp",
            route="json",
            baby=BABY,
            conditions=("low-mood", "anxiety"),
            measures=(MEASURE,),
            signals=(SIGNAL,),
            age_band="25_and_over",
        )
    ]


CASES: Decider[Receive, int] = Decider("case", 0, decide, lambda state, event: state + 1)


def executor_of(database: Database) -> Executor:
    """A new executor, with nothing cached."""
    return Executor("referral", [CASES], MongoStore(database), SystemClock())


async def rate(callers: int, count: int, call: Call) -> float:
    """Calls a second when `callers` callers share `count` calls, each doing one after another."""
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await call(number)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(callers)))
    return count / (time.perf_counter() - started)


async def through_executor(database: Database, callers: int, count: int) -> float:
    """New streams, each command waited for."""
    executor = executor_of(database)
    asked = [Submission(Receive(new_id()), new_id(), SCOPE, creates=True) for _ in range(count)]
    async with running(executor):
        return await rate(callers, count, lambda number: executor.submit(asked[number], within=30))


async def to_existing(database: Database, callers: int, count: int) -> float:
    """The same on 500 streams that exist, as after a restart: nothing is cached at first."""
    executor = executor_of(database)
    cases = [new_id() for _ in range(EXISTING)]
    async with running(executor):
        await executor.submit_all([Submission(Receive(case), new_id(), SCOPE, creates=True) for case in cases])
    fresh = executor_of(database)
    asked = [Submission(Receive(cases[number % EXISTING]), new_id(), SCOPE) for number in range(count)]
    async with running(fresh):
        return await rate(callers, count, lambda number: fresh.submit(asked[number], within=30))


async def ready_made(count: int) -> list[Document]:
    """The documents that the executor would write."""
    store = MemoryStore()
    executor = Executor("referral", [CASES], store, SystemClock())
    async with running(executor):
        await executor.submit_all([Submission(Receive(new_id()), new_id(), SCOPE, creates=True) for _ in range(count)])
    return [commit.to_document() for commit in store.journal]


async def raw(database: Database, callers: int, count: int) -> float:
    """The floor: ready-made documents, grouped in the same way, no rules."""
    commits, documents = durable(database, COMMITS), await ready_made(count)

    async def write(batch: list[Document]) -> list[None]:
        await commits.insert_many(batch, ordered=False)
        return [None] * len(batch)

    queue: GroupCommit[Document, None] = GroupCommit(write)
    async with running(queue):
        return await rate(callers, count, lambda number: queue.submit(documents[number], within=30))


async def one_by_one(database: Database, callers: int, count: int) -> float:
    """One insert a command: what a plain event store does. Its documents are ready-made, which flatters it."""
    commits, documents = durable(database, COMMITS), await ready_made(count)
    return await rate(callers, count, lambda number: commits.insert_one(documents[number]))


KINDS = {"raw": raw, "executor": through_executor, "one by one": one_by_one, "existing": to_existing}


async def compare(url: str) -> None:
    """Print each kind's median at each number of callers, and the two ratios."""
    print(f"load before: {' '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores")
    print(f"{'callers':>8}" + "".join(f"{kind:>13}" for kind in KINDS) + f"{'of raw':>9}{'x one':>7}")
    async with connect(url) as client:
        for callers in CALLERS:
            figures: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for _ in range(RUNS):
                for kind, measure in KINDS.items():
                    database = client[f"bench_{secrets.token_hex(4)}"]
                    await MongoStore(database).ensure_indexes()
                    count = SHORT.get(callers, COMMANDS) // (4 if kind == "one by one" else 1)
                    figures[kind].append(await measure(database, callers, count))
                    await client.drop_database(database.name)
            _row(callers, {kind: statistics.median(runs) for kind, runs in figures.items()})
    print(f"load after: {' '.join(f'{one:.1f}' for one in os.getloadavg())}")


def _row(callers: int, median: dict[str, float]) -> None:
    ratios = median["executor"] / median["raw"], median["executor"] / median["one by one"]
    print(f"{callers:>8}" + "".join(f"{one:>11,.0f}/s" for one in median.values()) + "{:>9.2f}{:>7.1f}".format(*ratios))


@contextmanager
def _mongo() -> Iterator[str]:
    named = surroundings.read().test_mongo
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory() as folder, local_mongo(Path(folder)) as url:
        yield url


if __name__ == "__main__":
    with _mongo() as url:
        gc.set_threshold(50_000, 20, 100)  # as in a service
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(compare(url))
