"""Referrals as each reader may see them: staff where it stands and who it is about, referrers what they may be told."""

from typing import Any
from uuid import UUID

from starlette.requests import Request

from services.referral.adapters.queries import People, Referrals
from services.referral.domain.standing import Told
from services.referral.domain.views import SENT
from shared.access.app import guard_of
from shared.access.caller import Caller
from shared.access.guard import caller_of_request, reach_of
from shared.access.reach import Reach
from shared.runtime.views import Views

REFERRERS = ("referrer", "referrer-system")
IDENTITY = "referral.identity"
BASE = SENT.rpartition("_v")[0]
MOST_LISTED = 500
SENT_BY_THEM = ("id", "programme", "site", "source", "route", "received_at", "text_unread")
"""What a referrer may read again. No version: it rises with what she did not give away (S16)."""


class Reading:
    """Asks the journal for one referral and the view for a list; `told` is what a referrer may learn (S16)."""

    def __init__(self, referrals: Referrals, people: People, views: Views, told: Told) -> None:
        self._referrals = referrals
        self._people = people
        self._views = views
        self._told = told

    async def one(self, request: Request, case: UUID) -> dict[str, Any]:
        """Where a referral stands, with who it is about (`person`) for those who may know; noted before it is told.

        Raises `NotFound` for one that does not exist and for one out of reach alike.
        """
        caller = caller_of_request(request)
        found = await self._referrals.one(case, reach_of(request))
        shown = self._told_to(caller, found.shown)
        guard = guard_of(request)
        identity = guard.also(request, IDENTITY)
        if identity is None or not identity.covers(found.placed):
            return shown
        await guard.note_as(identity, [str(case)])
        return {**shown, "person": await self._people.identity(case)}

    async def sent(self, reach: Reach, *, site: str | None = None) -> list[dict[str, Any]]:
        """Referrals within reach, the newest first."""
        received: dict[str, Any] = {"received_at": {"$ne": None}} | ({"site": site} if site else {})
        documents = self._views.collection(await self._views.reads(BASE) or SENT)
        found = documents.find({"$and": [reach.query(), received]}).sort("received_at", -1).limit(MOST_LISTED)
        return [self._told_to(reach.caller, {"id": one["_id"], **one}) async for one in found]

    def _told_to(self, caller: Caller, shown: dict[str, Any]) -> dict[str, Any]:
        if caller.role not in REFERRERS:
            return shown
        told = {name: shown[name] for name in SENT_BY_THEM if name in shown}
        return {**told, "status": self._told.status_for(shown["status"], shown.get("consents", {}))}
