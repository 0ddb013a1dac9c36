"""Which cases safeguarding needs a contact card of, and how far it got with each; no word of a card is in here.

A card is held for the concerns about a case that are open and for a case in support; when nothing holds it, its key
is destroyed. Each holding has a subject of its own in the vault, so that a case may be held again after that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from shared.runtime.clock import Clock, new_id

Document = dict[str, Any]
State = Literal["wanted", "kept", "gone"]
IN_SUPPORT = "support"
MOST_AT_ONCE = 200
_HELD = {"$in": [{"$ifNull": ["$state", "gone"]}, ["wanted", "kept"]]}


@dataclass(frozen=True, slots=True)
class Holding:
    """A card that is needed, or kept already."""

    case: UUID
    state: State
    subject: UUID

    @property
    def stream(self) -> str:
        """Under what its records are sealed."""
        return stream_of(self.case)


def stream_of(case: UUID) -> str:
    """The name of a card; the holdings stand in the journal's place for the vault's sweeper."""
    return f"card/{case}"


class Holdings:
    """Every card that is needed. `kept` is the collection; its documents carry `stream` and `causes` like commits."""

    def __init__(self, kept: AsyncCollection[Document], clock: Clock) -> None:
        self.collection = kept
        self._clock = clock

    async def ensure_indexes(self) -> None:
        """Create the indexes for what waits; harmless when they exist."""
        await self.collection.create_indexes(
            [IndexModel([("state", 1), ("next_at", 1)]), IndexModel("leaving", sparse=True), IndexModel("stream")]
        )

    async def hold(self, case: UUID, holder: str, *, unless_ended_since: datetime | None = None) -> None:
        """`holder` needs the card of `case`; harmless when it is known. Support does not need one it has ended."""
        fresh = new_id()
        wanted = {"subject": fresh, "causes": [], "state": "wanted", "attempts": 0, "next_at": self._clock.now()}
        change: list[Document] = [
            {"$set": {"holders": {"$setUnion": [{"$ifNull": ["$holders", []]}, [holder]]}}},
            {
                "$set": {name: {"$cond": [_HELD, f"${name}", value]} for name, value in wanted.items()}
                | {"stream": stream_of(case)}
            },
        ]
        asked: Document = {"_id": case}
        if unless_ended_since is not None:
            asked["ended_at"] = {"$not": {"$gte": unless_ended_since}}
        try:
            await self.collection.update_one(asked, change, upsert=True)
        except DuplicateKeyError:  # made by another process at this moment, or ended since
            await self.collection.update_one(asked, change)

    async def release(self, case: UUID, holder: str) -> None:
        """`holder` needs it no more; what nobody needs is to be erased (`leaving`)."""
        over = {"$and": [{"$eq": ["$holders", []]}, _HELD]}
        leaving = {"$setUnion": [{"$ifNull": ["$leaving", []]}, ["$subject"]]}
        await self.collection.update_one(
            {"_id": case, "holders": holder},
            [
                {"$set": {"holders": {"$setDifference": ["$holders", [holder]]}}},
                {
                    "$set": {
                        "state": {"$cond": [over, "gone", "$state"]},
                        "leaving": {"$cond": [over, leaving, {"$ifNull": ["$leaving", "$$REMOVE"]}]},
                        "subject": {"$cond": [over, "$$REMOVE", "$subject"]},
                    }
                },
            ],
        )

    async def end(self, case: UUID, at: datetime) -> None:
        """Support of the case is over, or never began; said in any order with its acceptance."""
        await self.collection.update_one({"_id": case}, {"$max": {"ended_at": at}}, upsert=True)
        await self.release(case, IN_SUPPORT)

    async def of(self, case: UUID) -> Holding | None:
        """The card of a case, needed or kept; None where nothing holds one."""
        found = await self.collection.find_one({"_id": case, "state": {"$in": ["wanted", "kept"]}})
        return _holding(found) if found else None

    async def due(self, most: int, pause: Callable[[int], float]) -> list[Holding]:
        """Cards that are to be asked for now, longest waiting first; each comes again after its pause, by its tries."""
        now = self._clock.now()
        found = await self.collection.find({"state": "wanted", "next_at": {"$lte": now}}).sort("next_at").to_list(most)
        later = [
            UpdateOne(
                {"_id": one["_id"], "subject": one["subject"]},
                {"$inc": {"attempts": 1}, "$set": {"next_at": now + timedelta(seconds=pause(one["attempts"] + 1))}},
            )
            for one in found
        ]
        if later:
            await self.collection.bulk_write(later, ordered=False)
        return [_holding(one) for one in found]

    async def sealing(self, holding: Holding) -> UUID | None:
        """The name under which its next record is sealed; None where nothing needs it any more."""
        cause = new_id()
        mine = {"_id": holding.case, "subject": holding.subject}
        done = await self.collection.update_one(mine, {"$push": {"causes": cause}})
        return cause if done.matched_count else None

    async def sealed(self, holding: Holding) -> None:
        """Its card is in the vault."""
        mine = {"_id": holding.case, "subject": holding.subject}
        await self.collection.update_one(mine, {"$set": {"state": "kept"}})

    async def leaving(self) -> list[Document]:
        """Those of which something is still to be erased: `leaving` names the subjects."""
        return await self.collection.find({"leaving.0": {"$exists": True}}).limit(MOST_AT_ONCE).to_list()

    async def left(self, case: UUID, subjects: Sequence[UUID]) -> None:
        """Their keys are destroyed."""
        await self.collection.update_one({"_id": case}, {"$pull": {"leaving": {"$in": list(subjects)}}})


def _holding(found: Document) -> Holding:
    return Holding(found["_id"], found["state"], found["subject"])
