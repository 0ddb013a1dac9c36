"""Referrals acknowledged a second: identity sealed in the vault, commit journaled by a majority, then the 201.

`python -m benchmarks.intake` starts a stack of its own and prints medians of five interleaved runs: alone (the other
services held back) and with everything else at work on the same cores. Target: 3,000 a second.
"""

import asyncio
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path

import psutil
import uvloop

from benchmarks.poster import poster
from deploy.local.testing import LocalStack, own_stack

RUNS, SECONDS = 5, 6
CALLERS = (64, 256)
OTHERS = ("triage", "support", "safeguarding", "outcomes")


async def rate(url: str, callers: int) -> float:
    """Acknowledged referrals a second from so many callers, each posting one after another."""
    numbers, begun = itertools.count(), time.monotonic()
    async with poster(url, callers) as client:

        async def one() -> int:
            done = 0
            while time.monotonic() < begun + SECONDS:
                await client.post(next(numbers))
                done += 1
            return done

        return sum(await asyncio.gather(*(one() for _ in range(callers)))) / (time.monotonic() - begun)


def row(stack: LocalStack, callers: int) -> tuple[float, float]:
    """Median rate, and milliseconds of the referral process for each referral."""
    pid = stack.pid("referral")
    assert pid is not None
    process, rates, costs = psutil.Process(pid), [], []
    for _ in range(RUNS):
        before = sum(process.cpu_times()[:2])
        rates.append(uvloop.run(rate(stack.urls["referral"], callers)))
        costs.append((sum(process.cpu_times()[:2]) - before) * 1000 / (rates[-1] * SECONDS))
    return statistics.median(rates), statistics.median(costs)


def main() -> None:
    """Measure and print."""
    print(f"load before: {', '.join(f'{one:.2f}' for one in os.getloadavg())}; medians of {RUNS} runs")
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        for name in OTHERS:
            stack.stop(name)
        for callers in CALLERS:
            reached, cost = row(stack, callers)
            print(f"alone, {callers:3} callers: {reached:6,.0f} referrals/s, {cost:.2f} ms of its process each")
        for name in OTHERS:
            stack.start(name)
        reached, cost = row(stack, CALLERS[0])
        print(f"beside all others, {CALLERS[0]} callers: {reached:6,.0f} referrals/s, {cost:.2f} ms each")


if __name__ == "__main__":
    main()
