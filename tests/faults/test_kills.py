"""Processes die without warning, under load; every acknowledged referral is still there once, advised and answered."""

import random
from pathlib import Path

import pytest

from deploy.local.testing import own_stack
from tests.faults.campaign import A_FEW, kill, more, verdict
from tests.faults.load import Load, under_load

SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")
CALLERS = 4


async def _campaign(folder: Path, victims: list[str]) -> tuple[Load, list[str]]:
    with own_stack(folder) as stack:
        async with under_load(stack.urls["referral"], callers=CALLERS, seed=len(victims)) as load:
            await more(load, A_FEW)
            for victim in victims:
                await kill(stack, victim)
                await more(load, A_FEW)
        return load, await verdict(stack, load)


@pytest.mark.real
async def test_each_process_killed_once_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    load, faults = await _campaign(tmp_path, ["referral", "mongo", "triage", "kafka", "safeguarding"])

    assert faults == []
    assert {row["status"] for row in load.ledger} == {201}


@pytest.mark.real
@pytest.mark.campaign
@pytest.mark.timeout(1800)
async def test_twenty_random_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(20)
    victims = [chance.choice([*SERVICES, "mongo", "kafka"]) for _ in range(20)]

    load, faults = await _campaign(tmp_path, victims)

    assert faults == []
    assert {row["status"] for row in load.ledger} == {201}
