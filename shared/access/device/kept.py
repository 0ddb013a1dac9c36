"""Remembered phones in the service's database: found by the hash of what the phone holds, forgotten from anywhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from shared.access import words
from shared.access.caller import Caller
from shared.access.device.limits import DeviceLimits
from shared.access.session.secrets import fresh, stored
from shared.runtime.clock import Clock, new_id
from shared.runtime.durable import durable

Document = dict[str, Any]


class WrongPin(Exception):
    """Not the PIN; `left` tries are left, none: the phone is forgotten."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


@dataclass(frozen=True, slots=True)
class Device:
    """A phone that is remembered for one person in one role; `id` may be shown, it opens nothing."""

    id: UUID
    owner: Caller
    ends_at: datetime


class Devices:
    """Every remembered phone of one service."""

    def __init__(self, database: AsyncDatabase[Document], limits: DeviceLimits, clock: Clock) -> None:
        self.limits = limits
        self._clock = clock
        self._kept = durable(database, "devices")

    async def ensure_indexes(self) -> None:
        """Let phones go when their month is over, and find a person's; harmless when the indexes exist."""
        wanted = [IndexModel("ends_at", expireAfterSeconds=0), IndexModel("person"), IndexModel("volunteer")]
        await self._kept.create_indexes(wanted)

    async def remember(self, owner: Caller, pin: str) -> tuple[str, Device]:
        """Remember a phone; returns the secret it keeps. Raises `ValueError` for a PIN that is none."""
        if not self.limits.is_pin(pin):
            raise ValueError("not a PIN")
        secret, device = fresh(), Device(new_id(), owner, self._clock.now() + self.limits.life)
        await self._kept.insert_one(
            {
                "_id": stored(secret),
                "device": device.id,
                "person": owner.id,
                "volunteer": str(owner.volunteer),
                "role": owner.role,
                "provider": owner.provider,
                "sites": list(owner.sites),
                "pin": await words.kept(pin),
                "wrong": 0,
                "ends_at": device.ends_at,
            }
        )
        return secret, device

    async def find(self, secret: str) -> Device | None:
        """The phone that holds `secret`, while it is remembered; without its PIN it only raises worries."""
        found = await self._kept.find_one({"_id": stored(secret)})
        return _device(found) if found and found["ends_at"] > self._clock.now() else None

    async def unlock(self, secret: str, pin: str) -> Device | None:
        """The same with the PIN. Raises `WrongPin`; a try is counted before it is looked at, so races win nothing."""
        found = await self._kept.find_one_and_update({"_id": stored(secret)}, {"$inc": {"wrong": 1}})
        if found is None or found["ends_at"] <= self._clock.now():
            return None
        if found["wrong"] < self.limits.tries and await words.fits(pin, found["pin"]):
            await self._kept.update_one({"_id": found["_id"]}, {"$set": {"wrong": 0}})
            return _device(found)
        left = max(0, self.limits.tries - found["wrong"] - 1)
        if left == 0:
            await self._kept.delete_one({"_id": found["_id"]})
        raise WrongPin(left)

    async def forget(self, person: str, device: UUID | None = None) -> list[UUID]:
        """Forget one phone of a person, or all of hers; returns which there were.

        `person`: what the issuer calls her, or the id under which she is registered as a volunteer.
        """
        hers: Document = {"$or": [{"person": person}, {"volunteer": person}]}
        wanted = hers | ({"device": device} if device else {})
        gone = [found["device"] for found in await self._kept.find(wanted, {"device": 1}).to_list()]
        await self._kept.delete_many(wanted)
        return gone


def _device(found: Document) -> Device:
    owner = Caller(
        kind="person",
        id=found["person"],
        role=found["role"],
        via="device",
        roles=(found["role"],),
        provider=found["provider"],
        sites=tuple(found["sites"]),
        proof=str(found["device"]),
        device=found["device"],
    )
    return Device(found["device"], owner, found["ends_at"])
