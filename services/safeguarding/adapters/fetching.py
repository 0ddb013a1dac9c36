"""Asks referral for the contact cards that are missing, again and again with growing pauses, until each is there."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx
import structlog
from pymongo.errors import PyMongoError

from services.safeguarding.adapters.cards import Cards
from services.safeguarding.domain.card import Fetching
from shared.runtime.errors import Failure

log = structlog.get_logger()
LOOK_EVERY = 0.5
PATH = "/people/lookup"
PURPOSE = "contact_card"
People = dict[str, dict[str, Any]]


class Referral:
    """Referral's instances at `urls`. `prove` makes the header Authorization, anew for each try."""

    def __init__(self, urls: Sequence[str], http: httpx.AsyncClient, prove: Callable[[], str], within: float) -> None:
        self._urls = tuple(urls)
        self._http = http
        self._prove = prove
        self._within = within

    async def cards(self, cases: Sequence[UUID]) -> People:
        """What it has of these cases, by id; nothing while none of its instances answers."""
        body = {"ids": [str(case) for case in cases], "purpose": PURPOSE}
        for url in self._urls:
            try:
                proof = {"Authorization": self._prove()}
                answer = await self._http.post(url + PATH, json=body, headers=proof, timeout=self._within)
                people = answer.raise_for_status().json()["people"]
                return {case: record for case, record in people.items() if isinstance(record, dict)}
            except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as failed:
                log.warning("card.not_fetched", count=len(cases), error_code=type(failed).__name__, outcome="again")
        return {}


class FetchCards:
    """A Part: fetches what is due, and erases what a crash left to be erased."""

    def __init__(self, cards: Cards, referral: Referral, rules: Fetching) -> None:
        self.name = "cards"
        self._cards = cards
        self._referral = referral
        self._rules = rules

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self._cards.erase_what_left()
                while await self.look() == self._rules.at_once:
                    pass
            except (PyMongoError, Failure) as failed:
                log.warning("card.look_failed", error_code=type(failed).__name__, outcome="again")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """Ask once for the cards that are due; returns how many were."""
        due = await self._cards.holdings.due(self._rules.at_once, self._rules.retry_after)
        people = await self._referral.cards([one.case for one in due]) if due else {}
        for one in due:
            if record := people.get(str(one.case)):
                await self._cards.keep(one, record)
        return len(due)
