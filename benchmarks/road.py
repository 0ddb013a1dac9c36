"""POST to recommendation at an independent consumer, beside its two-hop floor; worry to page; memory and readiness.

`python -m benchmarks.road` starts a stack of its own, runs every rate several times in turn, and prints medians.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import psutil
import uvloop

from benchmarks import two_hops
from benchmarks.open_loop import Spread, open_loop, spread
from benchmarks.poster import Poster, poster
from deploy.local.testing import LocalStack, own_stack
from deploy.simulate.watch import Watch, watching
from shared.runtime.clock import SystemClock, new_id
from shared.testing.issuer import bearer

RATES = (12, 124, 1240)
SECONDS = 10
RUNS = 5
WORRIES, STORM = 100, 400
SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")


@dataclass(frozen=True)
class Run:
    """One run at one rate: durations from the intended start, and whether the lag grew while it lasted."""

    road: Spread
    acknowledged: Spread
    grew: bool
    sustained: float


async def post_to_recommendation(client: Poster, watch: Watch, rate: float) -> Run:
    """Post at `rate` a second, wait for every recommendation. Raises when one is missing half a minute later."""
    started: dict[str, float] = {}
    acknowledged: list[float] = []

    async def start(number: int, intended: float) -> None:
        case = await client.post(number)
        acknowledged.append(time.monotonic() - intended)
        started[case] = intended

    begun = time.monotonic()
    await open_loop(rate, SECONDS, start)
    missing = await watch.until(set(started), within_s=30)
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(started)} referrals never got a recommendation")
    waits = [watch.seen[case] - at for case, at in sorted(started.items(), key=lambda one: one[1])]
    last = max(watch.seen[case] for case in started)
    return Run(spread(waits), spread(acknowledged), grew(waits), len(started) / (last - begun))


def grew(waits: Sequence[float]) -> bool:
    """Whether the last quarter of a run waited clearly longer than the second: twice as long, and 50 ms more."""
    quarter = max(1, len(waits) // 4)
    second, last = statistics.median(waits[quarter : 2 * quarter]), statistics.median(waits[-quarter:])
    return last > 2 * second and last > second + 0.05


async def worry_to_page(stack: LocalStack, *, count: int, at_once: int) -> Spread:
    """From the receipt of a worry to the mail server's taking of its page, so many worries at a time."""
    turns = asyncio.Semaphore(at_once)
    durable: dict[str, datetime] = {}
    async with httpx.AsyncClient(base_url=stack.urls["safeguarding"], timeout=30, trust_env=False) as client:

        async def one() -> None:
            body = {"signal_id": str(new_id()), "in_danger": "yes", "about": "adult"}
            async with turns:
                headers = bearer("volunteer/anna") | {"Idempotency-Key": str(new_id())}
                answer = await client.post("/api/concerns", json=body, headers=headers)
                durable[answer.raise_for_status().json()["receipt"]] = SystemClock().now()

        await asyncio.gather(*(one() for _ in range(count)))
        taken = await _taken(client, stack.described["mail"], set(durable))
    return spread([max(0.0, (taken[receipt] - at).total_seconds()) for receipt, at in durable.items()])


async def _taken(client: httpx.AsyncClient, mails: str, receipts: set[str]) -> dict[str, datetime]:
    """When each worry's first page was taken; polls until all are."""
    while True:
        found: dict[str, datetime] = {}
        for mail in reversed((await client.get(mails)).json()):
            for receipt in receipts & set(mail["text"].replace("/", " ").split()):
                found[receipt] = datetime.fromisoformat(mail["received_at"])
        if found.keys() == receipts:
            return found
        await asyncio.sleep(0.2)


def _median(runs: Sequence[Spread]) -> Spread:
    return Spread(
        sum(one.count for one in runs),
        statistics.median(one.p50 for one in runs),
        statistics.median(one.p99 for one in runs),
        max(one.longest for one in runs),
    )


async def measure(stack: LocalStack) -> None:
    """Every rate, the floor and the road in turn, then worries."""
    await two_hops.make_topics(stack.kafka)
    async with watching(stack.kafka) as watch, poster(stack.urls["referral"]) as client:
        await post_to_recommendation(client, watch, 60)  # until then Java interprets, and caches are cold
        for rate in RATES:
            floor, runs = [], []
            for _ in range(RUNS):
                floor.append(await two_hops.measure(stack.kafka, rate, SECONDS))
                runs.append(await post_to_recommendation(client, watch, rate))
            _print(rate, _median(floor), runs)
    print(f"worry durable to page taken by SMTP: {await worry_to_page(stack, count=WORRIES, at_once=1)}")
    print(f"the same, {STORM} at 32 a time:        {await worry_to_page(stack, count=STORM, at_once=32)}")


def _print(rate: int, bare: Spread, runs: Sequence[Run]) -> None:
    ours = _median([run.road for run in runs])
    print(f"{rate:5}/s  POST to recommendation {ours}")
    print(f"         two bare Kafka hops    {bare}")
    print(f"         POST to 201            {_median([run.acknowledged for run in runs])}")
    print(f"         ratio: p50 {ours.p50 / bare.p50:.1f}, p99 {ours.p99 / bare.p99:.1f}")
    growing = sum(run.grew for run in runs)
    sustained = statistics.median(run.sustained for run in runs)
    print(f"         the lag grew in {growing} of {len(runs)} runs; {sustained:,.0f}/s reached their end", flush=True)


def memory(stack: LocalStack) -> None:
    """Print what each process weighs now."""
    total = 0.0
    for name in (*SERVICES, "mongo", "kafka"):
        pid = stack.pid(name)
        size = psutil.Process(pid).memory_info().rss / 2**20 if pid else 0.0
        total += size
        print(f"  {name:14}{size:7.0f} MB resident")
    print(f"  {'all':14}{total:7.0f} MB")


def readiness(stack: LocalStack) -> None:
    """Print how long each service takes from its start to ready, medians of three kills."""
    for name in SERVICES:
        times = []
        for _ in range(3):
            pid, begun = stack.kill(name), time.monotonic()
            stack.wait_ready(name, not_pid=pid)
            times.append(time.monotonic() - begun)
        print(f"  {name:14}{statistics.median(times):5.1f} s from kill -9 to ready again")


def main() -> None:
    """Run on a stack of its own."""
    print(f"load before: {', '.join(f'{one:.2f}' for one in os.getloadavg())}; medians of {RUNS} interleaved runs")
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        print("started:")
        memory(stack)
        uvloop.run(measure(stack))
        print("after the load:")
        memory(stack)
        readiness(stack)


if __name__ == "__main__":
    main()
