"""A patient referrer: posts referrals, sends each again under its key until it is answered, and keeps a ledger."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count, islice
from typing import Any

import httpx

from deploy.simulate.referrals import CHILD_AT_RISK, plan
from shared.runtime.clock import SystemClock
from shared.testing.issuer import bearer

TRY_AGAIN_S = 0.1
GIVE_UP_AFTER = 600
URGENT_SHARE = 0.05


class Load:
    """Posts from `callers` at once until stopped; `ledger` has a row for every answer that was not "try again"."""

    def __init__(self, client: httpx.AsyncClient, seed: int) -> None:
        self.ledger: list[dict[str, Any]] = []
        self.refused_for_now = 0
        self._client = client
        self._chance = random.Random(seed)
        self._numbers = count()
        self._seed = seed
        self._going = True
        today = SystemClock().now().date()
        self._bodies = [planned.body(today) for planned in islice(plan(seed, today), 200)]

    @property
    def acknowledged(self) -> int:
        """How many referrals were answered with 201."""
        return sum(row["status"] == httpx.codes.CREATED for row in self.ledger)

    async def call(self) -> None:
        """Post one referral after another until stopped."""
        while self._going:
            number = next(self._numbers)
            await self._post(f"campaign-{self._seed}-{number}", number, urgent=self._chance.random() < URGENT_SHARE)

    async def post_urgent(self, key: str) -> None:
        """Post one referral with a risk code that pages, now."""
        await self._post(key, next(self._numbers), urgent=True)

    async def _post(self, key: str, number: int, *, urgent: bool) -> None:
        body = {**self._bodies[number % len(self._bodies)], "flags": [CHILD_AT_RISK] if urgent else []}
        answer = await self._answered(key, body)
        accepted = answer is not None and answer.status_code == httpx.codes.CREATED
        case = answer.json()["id"] if answer is not None and accepted else None
        status = answer.status_code if answer is not None else 0
        self.ledger.append({"key": key, "status": status, "case": case, "urgent": urgent})

    async def _answered(self, key: str, body: dict[str, Any]) -> httpx.Response | None:
        for _ in range(GIVE_UP_AFTER):
            try:
                headers = bearer("project-manager/desk") | {"Idempotency-Key": key}
                answer = await self._client.post("/api/referrals", json=body, headers=headers)
            except httpx.HTTPError:
                await asyncio.sleep(TRY_AGAIN_S)
                continue
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            self.refused_for_now += 1
            await asyncio.sleep(TRY_AGAIN_S)
        return None

    def stop(self) -> None:
        """Begin no further referral."""
        self._going = False


@asynccontextmanager
async def under_load(url: str, *, callers: int, seed: int) -> AsyncIterator[Load]:
    """Keep posting while the block runs, then let every referral that was begun come to its answer."""
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:
        load = Load(client, seed)
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(load.call())
            try:
                yield load
            finally:
                load.stop()
