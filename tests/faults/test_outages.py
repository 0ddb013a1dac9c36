"""Kafka away from the start or in the middle, and MongoDB restarted: nothing is refused that could be kept, or lost."""

import asyncio
import time
from pathlib import Path

import pytest

from deploy.local.testing import LocalStack, own_stack, wait_until
from tests.faults.campaign import A_FEW, more, verdict
from tests.faults.load import Load, under_load

PAGED_WITHIN_S = 10
OUTAGE_S = 60


async def _urgent_referral_pages(stack: LocalStack, load: Load, key: str) -> None:
    """A referral with a *Now* code is acknowledged and paged whatever has become of Kafka."""
    before = len(stack.mails())
    await load.post_urgent(key)
    await asyncio.to_thread(
        wait_until, lambda: len(stack.mails()) > before, within_s=PAGED_WITHIN_S, what="a page with Kafka away"
    )


@pytest.mark.real
async def test_kafka_absent_from_the_start_refuses_nothing_still_pages_and_drains_on_its_return(tmp_path: Path) -> None:
    with own_stack(tmp_path, held=("kafka",)) as stack:
        async with under_load(stack.urls["referral"], callers=2, seed=31) as load:
            await more(load, A_FEW)
            await _urgent_referral_pages(stack, load, "urgent-while-kafka-is-absent")
        await asyncio.to_thread(stack.start, "kafka")

        assert await verdict(stack, load) == []
        assert load.refused_for_now == 0


@pytest.mark.real
@pytest.mark.campaign
@pytest.mark.timeout(600)
async def test_kafka_stopped_for_a_minute_under_load_refuses_nothing_and_still_pages(tmp_path: Path) -> None:
    with own_stack(tmp_path) as stack:
        async with under_load(stack.urls["referral"], callers=2, seed=32) as load:
            await more(load, A_FEW)
            await asyncio.to_thread(stack.stop, "kafka")
            away_until = time.monotonic() + OUTAGE_S
            await _urgent_referral_pages(stack, load, "urgent-while-kafka-is-stopped")
            while time.monotonic() < away_until:
                await more(load, 5)
            await asyncio.to_thread(stack.start, "kafka")
            await more(load, A_FEW)

        assert await verdict(stack, load) == []
        assert load.refused_for_now == 0


@pytest.mark.real
async def test_mongod_restarted_answers_try_again_or_success_and_loses_nothing(tmp_path: Path) -> None:
    with own_stack(tmp_path) as stack:
        async with under_load(stack.urls["referral"], callers=4, seed=33) as load:
            await more(load, A_FEW)
            await asyncio.to_thread(stack.stop, "mongo")
            await asyncio.to_thread(stack.start, "mongo")
            await more(load, A_FEW)

        assert await verdict(stack, load) == []
        assert {row["status"] for row in load.ledger} == {201}
