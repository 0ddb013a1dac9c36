"""Sessions in the service's database: found by the hash of what the cookie holds, gone the moment they are ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.access.caller import Caller
from shared.access.session.limits import SessionLimits
from shared.access.session.secrets import fresh, stored
from shared.runtime.clock import Clock
from shared.runtime.durable import durable, unavailable

SEEN_EVERY = timedelta(seconds=30)
"""How exactly the last request is remembered: writing on each one would cost every page a write."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `id` names it in the audit; `id_token` is sealed, for signing out at the issuer."""

    id: str
    caller: Caller
    csrf: str
    idle_ends_at: datetime
    ends_at: datetime
    id_token: bytes = b""


class Sessions:
    """Every session of one service."""

    def __init__(self, database: AsyncDatabase[Document], limits: SessionLimits, clock: Clock) -> None:
        self.limits = limits
        self._clock = clock
        self._kept = durable(database, "sessions")

    async def ensure_indexes(self) -> None:
        """Let ended ones go by themselves, and find those of one person; harmless when the indexes exist."""
        await self._kept.create_indexes(
            [IndexModel("ends_at", expireAfterSeconds=0), IndexModel("person"), IndexModel("issuer_session")]
        )

    async def begin(
        self, caller: Caller, *, issuer_session: str = "", id_token: bytes = b"", ends_at: datetime | None = None
    ) -> str:
        """Keep a new session and return the secret for its cookie. Raises `Unavailable`."""
        secret, now = fresh(), self._clock.now()
        document = {
            "_id": stored(secret),
            "person": caller.id,
            "issuer_session": issuer_session,
            "role": caller.role,
            "roles": list(caller.roles),
            "provider": caller.provider,
            "sites": list(caller.sites),
            "organisations": list(caller.organisations),
            "via": caller.via,
            "device": caller.device,
            "proved_at": caller.proved_at,
            "csrf": fresh(),
            "id_token": id_token,
            "seen_at": now,
            "ends_at": ends_at or now + self.limits.longest,
        }
        try:
            await self._kept.insert_one(document)
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return secret

    async def find(self, secret: str) -> Session | None:
        """The session of a cookie while it lasts; being asked for keeps it alive. Raises `Unavailable`."""
        now = self._clock.now()
        try:
            found = await self._kept.find_one({"_id": stored(secret)})
            if found is None or found["ends_at"] <= now or found["seen_at"] + self.limits.idle <= now:
                return None
            if now - found["seen_at"] >= SEEN_EVERY:
                await self._kept.update_one({"_id": found["_id"]}, {"$max": {"seen_at": now}})
                found["seen_at"] = now
        except PyMongoError as failure:
            raise unavailable(failure) from failure
        return self._session(found)

    async def act_as(self, secret: str, role: str) -> str:
        """The same session in another of her roles, under a new secret. Raises `ValueError`, `LookupError`."""
        now = self._clock.now()
        found = await self._kept.find_one({"_id": stored(secret)})
        if found is None or found["ends_at"] <= now:
            raise LookupError("no such session")
        if role not in found["roles"]:
            raise ValueError("not one of her roles")
        new = fresh()
        await self._kept.insert_one(found | {"_id": stored(new), "role": role, "csrf": fresh(), "seen_at": now})
        await self._kept.delete_one({"_id": found["_id"]})
        return new

    async def end(self, secret: str) -> None:
        """End one session; harmless when it is over."""
        await self._kept.delete_one({"_id": stored(secret)})

    async def end_all_of(self, person: str) -> int:
        """End every session of one person; returns how many there were."""
        return (await self._kept.delete_many({"person": person})).deleted_count

    async def end_of_issuer(self, issuer_session: str) -> int:
        """End every session that came from one of the issuer's; returns how many there were."""
        return (await self._kept.delete_many({"issuer_session": issuer_session})).deleted_count

    def _session(self, found: Document) -> Session:
        caller = Caller(
            kind="person",
            id=found["person"],
            role=found["role"],
            via=found["via"],
            roles=tuple(found["roles"]),
            provider=found["provider"],
            sites=tuple(found["sites"]),
            organisations=tuple(found["organisations"]),
            proof=found["_id"][:16],
            device=found.get("device"),
            proved_at=found["proved_at"],
        )
        idle = min(found["seen_at"] + self.limits.idle, found["ends_at"])
        return Session(found["_id"][:16], caller, found["csrf"], idle, found["ends_at"], found["id_token"])
