"""Links in the service's database: random, hashed, each for one purpose, opened once with a second word."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from shared.access import words
from shared.access.links.limits import LinkLimits
from shared.access.session.secrets import fresh, stored
from shared.runtime.clock import Clock
from shared.runtime.durable import durable

MINUTE = timedelta(minutes=1)
Document = dict[str, Any]


class NotOpened(Exception):
    """Unknown, over, used, revoked, or not with this word: which of them is never said."""


class TooOften(Exception):
    """Words are tried faster than anybody types; wait a minute."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens: `purpose` names the page, `subject` whom or what it is about."""

    purpose: str
    subject: UUID
    ends_at: datetime


class Links:
    """Every link of one service."""

    def __init__(self, database: AsyncDatabase[Document], limits: LinkLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._kept = durable(database, "links")

    async def ensure_indexes(self) -> None:
        """Let links go when they are over, and find those about somebody; harmless when the indexes exist."""
        await self._kept.create_indexes([IndexModel("ends_at", expireAfterSeconds=0), IndexModel("subject")])

    async def make(self, purpose: str, subject: UUID, second_word: str) -> str:
        """Make a link and return the secret that stands in it; the second word travels another way."""
        secret = fresh()
        await self._kept.insert_one(
            {
                "_id": stored(secret),
                "purpose": purpose,
                "subject": subject,
                "word": await words.kept(second_word),
                "tried": [],
                "ends_at": self._clock.now() + self._limits.life,
            }
        )
        return secret

    async def open(self, secret: str, purpose: str, word: str) -> Link:
        """Use a link up. Raises `NotOpened` and `TooOften`.

        A try is counted before its word is looked at, and of several right ones at once one uses the link.
        """
        now = self._clock.now()
        here = {"_id": stored(secret), "purpose": purpose, "ends_at": {"$gt": now}}
        found = await self._kept.find_one_and_update(
            here, {"$push": {"tried": now}}, return_document=ReturnDocument.AFTER
        )
        if found is None:
            raise NotOpened
        if sum(tried > now - MINUTE for tried in found["tried"]) > self._limits.tries_a_minute:
            await self._kept.update_one({"_id": found["_id"]}, {"$pop": {"tried": 1}})
            raise TooOften
        if not await words.fits(word, found["word"]):
            if len(found["tried"]) >= self._limits.tries:
                await self._kept.delete_one({"_id": found["_id"]})
            raise NotOpened
        if (await self._kept.delete_one({"_id": found["_id"]})).deleted_count == 0:
            raise NotOpened
        return Link(found["purpose"], found["subject"], found["ends_at"])

    async def revoke(self, subject: UUID, purpose: str | None = None) -> int:
        """End every link about a subject, of one purpose or of all; returns how many there were."""
        wanted: Document = {"subject": subject} | ({"purpose": purpose} if purpose else {})
        return (await self._kept.delete_many(wanted)).deleted_count
