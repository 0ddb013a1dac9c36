"""What each version of each view is up to, and which version readers are given."""

from collections.abc import Iterable
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.commit import Document
from shared.runtime.folding import ViewSpec
from shared.runtime.mongo import durable
from shared.runtime.scan import Place


class Register:
    """What each view is up to: being filled, ready to be followed, or live; and which version readers are given."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._entries = durable(database, "view_register")

    async def entries(self, names: Iterable[str]) -> dict[str, Document]:
        """For each view: {state: "filling" | "ready" | "live", recorded_at?: how far it is filled}."""
        return {found["_id"]: found for found in await self._entries.find({"_id": {"$in": list(names)}}).to_list()}

    async def set(self, name: str, state: str, place: Place | None = None) -> None:
        """Note a state, and how far the view is filled; None: not at all."""
        recorded_at = place.recorded_at if place else None
        await self._entries.update_one(
            {"_id": name}, {"$set": {"state": state, "recorded_at": recorded_at}}, upsert=True
        )

    async def reached(self, name: str, place: Place) -> None:
        """Note that a live view has been folded up to here."""
        await self._entries.update_one({"_id": name}, {"$max": {"recorded_at": place.recorded_at}})

    async def reads(self, base: str) -> str | None:
        """The name readers of `base` are given."""
        pointer = await self._entries.find_one({"_id": f"pointer/{base}"})
        return str(pointer["name"]) if pointer else None

    async def point(self, spec: ViewSpec) -> None:
        """Give readers `spec`, unless they have a newer version already."""
        await self._entries.update_one(
            {"_id": f"pointer/{spec.base}"},
            [{"$set": _newer(spec)}],
            upsert=True,
        )


def _newer(spec: ViewSpec) -> Document:
    older = {"$lt": [{"$ifNull": ["$number", 0]}, spec.number]}
    return {
        "name": {"$cond": [older, spec.name, "$name"]},
        "number": {"$cond": [older, spec.number, "$number"]},
    }
