"""POST to recommendation at an independent consumer, beside its two-hop floor; and worry to page; and memory.

`python -m benchmarks.road` starts a stack of its own, runs every rate several times in turn, and prints medians.
"""

import asyncio
import os
import statistics
import tempfile
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import two_hops
from benchmarks.open_loop import Spread, open_loop, spread
from deploy.local.testing import LocalStack, own_stack
from deploy.simulate.referrals import plan
from deploy.simulate.watch import Watch, watching
from shared.runtime.clock import SystemClock, new_id

RATES = (12, 124, 1240)
SECONDS = 10
RUNS = 5
WORRIES = 50
SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")


async def post_to_recommendation(url: str, watch: Watch, bodies: Sequence[dict[str, Any]], rate: float) -> list[Spread]:
    """One run: durations to the recommendation, and to the 201, both from the intended start."""
    started: dict[str, float] = {}
    acknowledged: list[float] = []
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False) as client:

        async def start(number: int, intended: float) -> None:
            body = bodies[number % len(bodies)]
            answer = await client.post("/api/referrals", json=body, headers={"Idempotency-Key": str(new_id())})
            answer.raise_for_status()
            acknowledged.append(asyncio.get_running_loop().time() - intended)
            started[answer.json()["id"]] = intended

        await open_loop(rate, SECONDS, start)
    missing = await watch.until(set(started), within_s=30)
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(started)} referrals never got a recommendation")
    return [spread([watch.seen[case] - at for case, at in started.items()]), spread(acknowledged)]


async def worry_to_page(stack: LocalStack) -> Spread:
    """From the receipt of a worry to the mail server's taking of its page, one after another."""
    durations = []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for _ in range(WORRIES):
            body = {"signal_id": str(new_id()), "in_danger": "yes", "about": "adult"}
            key = {"Idempotency-Key": str(new_id())}
            answer = await client.post(f"{stack.urls['safeguarding']}/api/concerns", json=body, headers=key)
            durable = SystemClock().now()
            receipt = answer.raise_for_status().json()["receipt"]
            taken = await _taken(client, stack.described["mail"], receipt)
            durations.append(max(0.0, (taken - durable).total_seconds()))
    return spread(durations)


async def _taken(client: httpx.AsyncClient, mails: str, receipt: str) -> datetime:
    while True:
        for mail in reversed((await client.get(mails)).json()):
            if receipt in mail["text"]:
                return datetime.fromisoformat(mail["received_at"])
        await asyncio.sleep(0.02)


def _median(runs: Sequence[Spread]) -> Spread:
    return Spread(
        sum(one.count for one in runs),
        statistics.median(one.p50 for one in runs),
        statistics.median(one.p99 for one in runs),
        max(one.longest for one in runs),
    )


def _memory(stack: LocalStack) -> None:
    total = 0.0
    for name in (*SERVICES, "mongo", "kafka"):
        pid = stack.pid(name)
        size = psutil.Process(pid).memory_info().rss / 2**20 if pid else 0.0
        total += size
        print(f"  {name:14}{size:7.0f} MB resident")
    print(f"  {'all':14}{total:7.0f} MB")


async def measure(stack: LocalStack) -> None:
    """Every rate, the floor and the road in turn, then worries and memory."""
    today = SystemClock().now().date()
    bodies = [{**planned.body(today), "flags": []} for planned in islice(plan(1, today), 200)]
    await two_hops.make_topics(stack.kafka)
    async with watching(stack.kafka) as watch:
        await post_to_recommendation(stack.urls["referral"], watch, bodies, 50)
        for rate in RATES:
            floor, road, durable = [], [], []
            for _ in range(RUNS):
                floor.append(await two_hops.measure(stack.kafka, rate, SECONDS))
                seen, acknowledged = await post_to_recommendation(stack.urls["referral"], watch, bodies, rate)
                road.append(seen)
                durable.append(acknowledged)
            ours, bare = _median(road), _median(floor)
            print(f"{rate:5}/s  POST to recommendation {ours}")
            print(f"         two bare Kafka hops    {bare}")
            print(f"         POST to 201            {_median(durable)}")
            print(f"         ratio: p50 {ours.p50 / bare.p50:.1f}, p99 {ours.p99 / bare.p99:.1f}")
    print(f"worry durable to page taken by SMTP: {await worry_to_page(stack)}")
    _memory(stack)


def main() -> None:
    """Run on a stack of its own."""
    print(f"load before: {', '.join(f'{one:.2f}' for one in os.getloadavg())}; medians of {RUNS} interleaved runs")
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        asyncio.run(measure(stack))


if __name__ == "__main__":
    main()
