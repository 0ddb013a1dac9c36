"""Posts made-up referrals as fast as they are asked for, from a client that costs little beside what it measures."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice

import aiohttp

from deploy.simulate.referrals import plan
from shared.runtime.clock import SystemClock, new_id
from shared.testing.issuer import bearer

BODIES = 200
RENEW_AFTER_S = 120.0


class Poster:
    """An open client of referral's JSON door."""

    def __init__(self, session: aiohttp.ClientSession, bodies: list[bytes]) -> None:
        self._session = session
        self._bodies = bodies
        self._proof: dict[str, str] = {}
        self._made_at = float("-inf")

    async def post(self, number: int) -> str:
        """Post referral `number`; returns its case once it is acknowledged. Raises for any other answer."""
        headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json", **self._proved()}
        body = self._bodies[number % len(self._bodies)]
        async with self._session.post("/api/referrals", data=body, headers=headers) as answer:
            answer.raise_for_status()
            return str(json.loads(await answer.read())["id"])

    def _proved(self) -> dict[str, str]:
        """A member of staff's token, made anew before it ends; how much a system may send is bounded."""
        if time.monotonic() - self._made_at > RENEW_AFTER_S:
            self._proof, self._made_at = bearer("project-manager/desk"), time.monotonic()
        return self._proof


@asynccontextmanager
async def poster(url: str, connections: int = 64) -> AsyncIterator[Poster]:
    """A client with so many connections, and two hundred bodies without flags to take turns."""
    today = SystemClock().now().date()
    bodies = [json.dumps({**planned.body(today), "flags": []}).encode() for planned in islice(plan(1, today), BODIES)]
    connector, limit = aiohttp.TCPConnector(limit=connections), aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(base_url=url, connector=connector, timeout=limit) as session:
        yield Poster(session, bodies)
