"""Acknowledging with a personal code: no sign-in, no hint about what was wrong, and few tries (SAFETY S21, S25)."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from uuid import UUID

from services.safeguarding.adapters.queries import Queries
from services.safeguarding.domain.commands import Acknowledge
from services.safeguarding.domain.rota import Person, Rota
from shared.events.refusal import Rejected
from shared.runtime.clock import Clock

TRIES = 5
WITHIN = timedelta(minutes=1)


class CodeRefused(Rejected):
    """The code is not one of the people who answer for this concern; whose it is, or is not, is never said."""


class TooManyTries(Rejected):
    """Wrong codes came too often for this concern; the next try has to wait."""


class Taking:
    """Turns a personal code into the person who acknowledges."""

    def __init__(self, rota: Rota, queries: Queries, clock: Clock) -> None:
        self._rota = rota
        self._queries = queries
        self._clock = clock
        self._wrong: dict[UUID, deque[datetime]] = {}

    async def command(self, concern: UUID, *, code: str, next_step: str, next_at: datetime) -> Acknowledge:
        """The command of the person whose code this is. Raises `CodeRefused` or `TooManyTries`."""
        person = await self.person(concern, code)
        return Acknowledge(concern, person.acting, next_step, next_at)

    async def person(self, concern: UUID, code: str) -> Person:
        """Whose code this is, of those who answer for the concern. Raises `CodeRefused` or `TooManyTries`."""
        now = self._clock.now()
        wrong = self._wrong.get(concern, deque())
        while wrong and wrong[0] < now - WITHIN:
            wrong.popleft()
        if len(wrong) >= TRIES:
            raise TooManyTries("safeguarding.too_many_tries", "Wait a minute, or ring.")
        site = await self._queries.site_of(concern)
        person = await asyncio.to_thread(self._rota.who_knows, site, code)
        if person is None:
            wrong.append(now)
            self._wrong[concern] = wrong
            raise CodeRefused("safeguarding.code_not_accepted", "The code was not accepted.")
        self._wrong.pop(concern, None)
        return person
