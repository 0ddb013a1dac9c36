"""Commits a second from a backlog in MongoDB to confirmed in Kafka, through the relay, beside a bare producer's floor.

`python -m benchmarks.relay` starts its own Kafka and MongoDB and prints medians of five interleaved runs.
Target: 10,000 commits/s. The floor sends the same records, made before, so the ratio is what the relay costs.
"""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from pymongo.asynchronous.database import AsyncDatabase

from deploy.local.testing import local_kafka, local_mongo
from deploy.topics import FILE, create, load
from shared.runtime.clock import new_id
from shared.runtime.commit import Commit, Entry
from shared.runtime.mongo import MongoStore, connect
from shared.runtime.outgoing import outgoing
from shared.runtime.producer import Producer
from shared.runtime.relay import Relay

RUNS, COMMITS, PAGE = 5, 30_000, 1_000
EVENTS = "triage.events"
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DATA = {
    "instrument": "HADS",
    "version": "1983",
    "items": {},
    "totals": {"anxiety": 11, "depression": 9},
    "stage": "baseline",
    "taken_on": "2026-11-20",
    "by": "triage_worker",
}


def made(count: int) -> list[Commit]:
    """Commits of one event each, every one of another case."""
    return [_commit() for _ in range(count)]


def _commit() -> Commit:
    case, cause = new_id(), new_id()
    entry = Entry("triage.measure_recorded.v1", case, AT, cause, new_id(), DATA)
    return Commit(f"case/{case}", 1, 0, "triage", "nct", "halton", (cause,), (), AT, (entry,))


async def relayed(database: AsyncDatabase[dict[str, Any]], servers: str) -> float:
    """Commits a second, from the relay's start to the last confirm; connecting and the restore guard included."""
    store = MongoStore(database)
    await store.ensure_indexes()
    for _ in range(COMMITS // PAGE):
        await store.append(made(PAGE))
    relay = Relay("triage", database, servers)
    relay._checked = True  # each run has a database of its own, which knows nothing of the runs before
    began = time.perf_counter()
    running = asyncio.create_task(relay.run())
    while relay.relayed < COMMITS:
        await asyncio.sleep(0.005)
        if running.done():
            running.result()
    took = time.perf_counter() - began
    running.cancel()
    await asyncio.wait([running])
    return COMMITS / took


async def floor(servers: str) -> float:
    """Records a second of a bare producer with the relay's settings, records made before."""
    pages = [[event for commit in made(PAGE) for event in outgoing(commit)] for _ in range(COMMITS // PAGE)]
    ready = [[replace(event, topics=(EVENTS,)) for event in page] for page in pages]
    async with Producer(servers) as producer:
        began = time.perf_counter()
        for page in ready:
            await producer.send(page)
        return COMMITS / (time.perf_counter() - began)


async def compare(url: str, servers: str) -> None:
    """Print both medians and their ratio, and the load of the machine."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await create(admin, [load(FILE.read_text())[EVENTS]])
    await admin.close()
    figures: dict[str, list[float]] = {"relay": [], "floor": []}
    print(f"load before: {_load()}")
    async with connect(url) as client:
        for _ in range(RUNS):
            database = client[f"bench_{secrets.token_hex(4)}"]
            figures["relay"].append(await relayed(database, servers))
            figures["floor"].append(await floor(servers))
            await client.drop_database(database.name)
    relay, bare = statistics.median(figures["relay"]), statistics.median(figures["floor"])
    print(f"relay {relay:,.0f} commits/s, bare producer {bare:,.0f} records/s, ratio {relay / bare:.2f}")
    print(f"runs: {', '.join(f'{one:,.0f}' for one in figures['relay'])}")
    print(f"load after: {_load()}")


def _load() -> str:
    return f"{' '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores"


def main() -> None:
    """Start the servers, measure, stop them."""
    with tempfile.TemporaryDirectory() as folder:
        kafka, mongo = Path(folder) / "kafka", Path(folder) / "mongo"
        kafka.mkdir()
        mongo.mkdir()
        with local_kafka(kafka) as servers, local_mongo(mongo) as url:
            asyncio.run(compare(url, servers))


if __name__ == "__main__":
    main()
