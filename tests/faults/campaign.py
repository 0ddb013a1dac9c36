"""How a campaign waits for progress, kills, and asks for the verdict."""

import asyncio
import time
from collections.abc import Callable

from deploy.local.testing import LocalStack
from tests.faults.checker import Evidence, judge
from tests.faults.evidence import journals, records
from tests.faults.load import Load

A_FEW = 20
DRAINED_WITHIN_S = 60
POLL_S = 0.25


async def _until(happened: Callable[[], bool], within_s: float, what: str) -> None:
    give_up = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < give_up, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(POLL_S)


async def more(load: Load, count: int) -> None:
    wanted = load.acknowledged + count
    await _until(lambda: load.acknowledged >= wanted, 120, f"{count} more referrals acknowledged")


async def kill(stack: LocalStack, victim: str) -> None:
    pid = await asyncio.to_thread(stack.kill, victim)
    await asyncio.to_thread(stack.wait_ready, victim, not_pid=pid)


async def verdict(stack: LocalStack, load: Load) -> list[str]:
    """The checker's verdict once everything has drained, or at the deadline as it stands then."""
    give_up = time.monotonic() + DRAINED_WITHIN_S
    while True:
        evidence = Evidence(load.ledger, await journals(stack.mongo), await records(stack.kafka))
        faults = judge(evidence)
        if not faults or time.monotonic() > give_up:
            return faults
        await asyncio.sleep(POLL_S)
