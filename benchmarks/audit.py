"""What the audit costs: a page with its note and without, notes and checks a second, and what proving a caller takes.

`python -m benchmarks.audit` uses the MongoDB that the tests would use (or starts one) and prints medians of three runs.
"""

import asyncio
import logging
import os
import resource
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from deploy.local import surroundings
from deploy.local.testing import local_mongo
from services.referral.settings import Settings
from shared.access.app import check_routes, guarded, guarded_app
from shared.access.audit.heads import Heads
from shared.access.audit.publishing import heads_path
from shared.access.audit.reading import from_file
from shared.access.audit.verifying import verify
from shared.access.guard import Guard
from shared.access.wiring import AUDIT_KEY, Access, access_of, audit_database
from shared.runtime.clock import SystemClock
from shared.runtime.durable import Document, connect, durable
from shared.runtime.master_key import KEY_BYTES, FileMasterKey
from shared.testing.issuer import access_settings, bearer
from shared.testing.running import running

RUNS, PAGES, NOTES, CALLERS, CHECKS, KEPT = 3, 1_000, 20_000, 64, 5_000, 200_000
SERVICE = "referral"
NOTED, UNNOTED = "referral.identity", "referral.read"
"""Two operations that a triage worker may do: each use of the first is noted."""


@dataclass
class World:
    """A service's access on an empty database, its log at work, and one page under two operations."""

    access: Access
    guard: Guard
    app: FastAPI
    key: bytes
    database: Any
    folder: Path
    token: dict[str, str]


@asynccontextmanager
async def world(url: str, folder: Path) -> AsyncIterator[World]:
    """Make it, run its log, and drop its databases."""
    (folder / "key").write_bytes(secrets.token_bytes(KEY_BYTES))
    name, clock = f"bench_{secrets.token_hex(4)}", SystemClock()
    told: dict[str, Any] = {"mongo_url": url, "database": name, "kafka": "127.0.0.1:1", "key_file": folder / "key"}
    settings, master = Settings(**told, **access_settings(folder, SERVICE)), FileMasterKey(folder / "key")
    async with connect(url) as client:
        access = access_of(settings, SERVICE, client[name], master, clock)
        await access.ensure_indexes()
        guard, audit = access.guard(), audit_database(client[name])
        token = bearer("triage-worker/sam", clock)
        async with running(access.audit):
            app = await pages(client[name], guard)
            yield World(access, guard, app, master.derived(AUDIT_KEY), audit, folder / "heads", token)
        await access.http.aclose()
        for one in (name, audit.name):
            await client.drop_database(one)


async def pages(database: Any, guard: Guard) -> FastAPI:
    """The same page, one document read by its id, under either operation."""
    cases = durable(database, "cases")
    await cases.insert_one({"_id": "case-1", "site": "newham", "state": "waiting"})

    async def page(request: Request) -> Response:
        found: Document | None = await cases.find_one({"_id": request.path_params["case"]})
        return JSONResponse(found)

    app = guarded_app("bench", guard, parts=[], ready=_ready)
    for operation in (NOTED, UNNOTED):
        app.add_route(f"/{operation}/{{case}}", guarded(operation, page), methods=["GET"])
    check_routes(app)
    return app


async def _ready() -> bool:
    return True


async def page_times(made: World, callers: int) -> dict[str, list[float]]:
    """Milliseconds of each of PAGES answers under either operation, asked in turn."""
    times: dict[str, list[float]] = {NOTED: [], UNNOTED: []}
    transport = httpx.ASGITransport(app=made.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=made.token) as client:

        async def caller() -> None:
            for _ in range(PAGES // callers):
                for operation, kept in times.items():
                    started = time.perf_counter()
                    answer = await client.get(f"/{operation}/case-1")
                    kept.append((time.perf_counter() - started) * 1000)
                    assert answer.status_code == 200, answer.text

        await asyncio.gather(*(caller() for _ in range(callers)))
    return times


async def notes_a_second(made: World, count: int, callers: int) -> float:
    """Notes a second when `callers` callers do one after another."""
    admitted = await made.guard.admit(_request(made), UNNOTED)
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await made.guard.note_as(admitted, [f"case-{number}"])

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.perf_counter() - started)


async def milliseconds(work: Callable[[], Awaitable[Any]]) -> float:
    """The median of CHECKS times."""
    times = []
    for _ in range(CHECKS):
        started = time.perf_counter()
        await work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


async def proving(made: World) -> dict[str, float]:
    """Milliseconds of a token that was checked before, and of the whole guard."""
    assert made.access.check is not None
    check, token = made.access.check, made.token["Authorization"].removeprefix("Bearer ")
    return {
        "token": await milliseconds(lambda: check(token)),
        "guard": await milliseconds(lambda: made.guard.admit(_request(made), UNNOTED)),
    }


def _request(made: World) -> Request:
    headers = [(b"authorization", made.token["Authorization"].encode())]
    return Request({"type": "http", "headers": headers, "path_params": {"case": "case-1"}, "state": {}})


async def verified(made: World) -> tuple[float, float, int]:
    """Entries checked a second, MiB by which the process grew meanwhile, and entries."""
    await made.access.audit.tell()
    said: list[str] = []
    before, started = _peak(), time.perf_counter()
    heads = Heads(SERVICE, made.key)
    from_file(heads, heads_path(made.folder, SERVICE))
    assert await verify(made.database, made.key, heads, service=SERVICE, day=None, say=said.append), said
    taken = time.perf_counter() - started
    count = int(next(line for line in said if " chains, " in line).split(" ")[0])
    return count / taken, _peak() - before, count


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(url: str, folder: Path) -> None:
    """Measure and print."""
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    async with world(url, folder) as made:
        for callers in (1, 8):
            runs = [await page_times(made, callers) for _ in range(RUNS)]
            medians = {op: statistics.median(t for run in runs for t in run[op]) for op in (NOTED, UNNOTED)}
            late = {op: statistics.quantiles((t for run in runs for t in run[op]), n=100)[98] for op in medians}
            print(
                f"page, {callers} at a time: with note p50 {medians[NOTED]:.2f} p99 {late[NOTED]:.2f} ms,"
                f" without p50 {medians[UNNOTED]:.2f} p99 {late[UNNOTED]:.2f} ms,"
                f" the note adds p50 {medians[NOTED] - medians[UNNOTED]:.2f} ms"
            )
        for callers in (1, CALLERS):
            rates = [await notes_a_second(made, NOTES if callers > 1 else 1_000, callers) for _ in range(RUNS)]
            print(f"notes, {callers} callers: {statistics.median(rates):,.0f} a second")
        times = await proving(made)
        print(f"a token checked before {times['token']:.3f} ms, the whole guard {times['guard']:.3f} ms")
        await notes_a_second(made, KEPT, 512)
        rate, grown, count = await verified(made)
        print(f"audit verify: {rate:,.0f} entries a second, {grown:.0f} MiB more for {count:,} entries")


def main() -> None:
    """Measure on the server there is."""
    named = surroundings.read().test_mongo
    print(f"load {os.getloadavg()[0]:.1f}, medians of {RUNS} runs")
    with tempfile.TemporaryDirectory() as folder:
        if named:
            asyncio.run(measure(named, Path(folder)))
        else:
            with local_mongo(Path(folder)) as url:
                asyncio.run(measure(url, Path(folder)))


if __name__ == "__main__":
    main()
