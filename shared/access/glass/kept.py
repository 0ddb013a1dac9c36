"""Who has broken the glass at one service, until when, and whether anybody was told yet.

The glass and the notice of it are one document: there is no reach without a notice that will be given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.access.caller import Caller
from shared.access.glass.rules import GlassRules, glass_rules
from shared.events.refusal import Rejected
from shared.runtime.clock import Clock
from shared.runtime.durable import durable, unavailable

Document = dict[str, Any]
PURPOSE = "break-glass"
KEPT_FOR = timedelta(days=30)
MOST_AT_ONCE = 100


class UnknownReason(Rejected):
    """Not one of the list: a reason is a code, so that no story gets into a notice."""


@dataclass(frozen=True, slots=True)
class Glass:
    """Broken by one person for one reason; `id` names it in notice and audit."""

    id: UUID
    reason: str
    begun_at: datetime
    ends_at: datetime


class Glasses(Protocol):
    """What the guard asks."""

    async def of(self, caller: Caller) -> Glass | None:
        """The glass this caller has broken, while it lasts. Raises `Failure`."""
        ...


class BrokenGlass:
    """Every broken glass of one service."""

    def __init__(self, database: AsyncDatabase[Document], clock: Clock, rules: GlassRules | None = None) -> None:
        self.rules = rules or glass_rules()
        self._clock = clock
        self._kept = durable(database, "broken_glass")

    async def ensure_indexes(self) -> None:
        """Find hers and those of which nobody was told; those of which somebody was go after a month."""
        told = {"told": True}
        await self._kept.create_indexes(
            [
                IndexModel([("whose", 1), ("ends_at", 1)]),
                IndexModel([("told", 1), ("next_at", 1)]),
                IndexModel("begun_at", expireAfterSeconds=int(KEPT_FOR.total_seconds()), partialFilterExpression=told),
            ]
        )

    async def begin(self, caller: Caller, reason: str, id_: UUID) -> Glass:
        """Break it; durable on return, with its notice. Said again under the same id it is the same.

        Raises `UnknownReason`, and `Unavailable` when it could not be kept: then nothing reaches further than before.
        """
        if reason not in self.rules.reasons:
            raise UnknownReason("access.unknown_reason", "The reason is not one of the list.")
        now = self._clock.now()
        document = {
            "_id": id_,
            "whose": whose(caller),
            "by": str(caller),
            "provider": caller.provider,
            "reason": reason,
            "begun_at": now,
            "ends_at": now + self.rules.life,
            "told": False,
            "attempts": 0,
            "next_at": now,
        }
        try:
            await self._kept.insert_one(document)
        except DuplicateKeyError:
            found = await self._kept.find_one({"_id": id_, "whose": document["whose"]})
            if found is None:
                raise UnknownReason("access.glass_not_hers", "Ask for it anew.") from None
            document = found
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return _glass(document)

    async def of(self, caller: Caller) -> Glass | None:
        """See `Glasses`."""
        try:
            hers = {"whose": whose(caller), "ends_at": {"$gt": self._clock.now()}}
            found = await self._kept.find_one(hers, sort=[("ends_at", -1)])
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return _glass(found) if found else None

    async def end(self, caller: Caller) -> None:
        """Mend what she broke, before its time; harmless when there is none. Raises `Unavailable`."""
        now = self._clock.now()
        hers = {"whose": whose(caller), "ends_at": {"$gt": now}}
        try:
            await self._kept.update_many(hers, {"$set": {"ends_at": now}})
        except PyMongoError as failure:
            raise unavailable(failure) from failure

    async def untold(self) -> list[Document]:
        """Notices that are due; each comes again after its pause."""
        due = {"told": False, "next_at": {"$lte": self._clock.now()}}
        return await self._kept.find(due).sort("next_at").to_list(MOST_AT_ONCE)

    async def told(self, id_: UUID) -> None:
        """Safeguarding has the notice."""
        await self._kept.update_one({"_id": id_}, {"$set": {"told": True}})

    async def again(self, notice: Document) -> bool:
        """It could not be told: try again later. Returns whether that has lasted too long."""
        now, attempts = self._clock.now(), notice["attempts"] + 1
        later = now + self.rules.notice.retry_after(attempts)
        await self._kept.update_one({"_id": notice["_id"]}, {"$set": {"attempts": attempts, "next_at": later}})
        return bool(now - notice["begun_at"] >= timedelta(seconds=self.rules.notice.overdue_after))


def whose(caller: Caller) -> str:
    """A session's, so that it ends with it and with a change of role; with tokens, the person's in that role."""
    return f"{caller}/{caller.via}/{caller.proof if caller.via == 'session' else ''}"


def _glass(found: Document) -> Glass:
    return Glass(found["_id"], found["reason"], found["begun_at"], found["ends_at"])
