"""What the worklist and a case's page read."""

from typing import Any
from uuid import UUID

from services.triage.domain.state import Unheard
from services.triage.domain.views import UNHEARD, WORKLIST
from shared.access.guard import placed, within
from shared.access.reach import Placed, Reach
from shared.programmes.model import NO_SITE
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope
from shared.runtime.views import Views

BASE = WORKLIST.rpartition("_v")[0]
MOST_LISTED = 500
WAITING: dict[str, Any] = {"$or": [{"status": "awaiting"}, {"text_unread": True}]}
UNKNOWN = ("triage.unknown_case", "No referral with this id has arrived.")
Document = dict[str, Any]
ARRIVED: Document = {"status": {"$ne": UNHEARD}}
"""A worry about an id that nobody knows leaves a document: whoever could read it would know that the id is nobody's
elsewhere (S18)."""


class Queries:
    """Reads the worklist's documents, as far as the one who asks may see; `provider` has what names no site."""

    def __init__(self, views: Views, executor: Executor, provider: str) -> None:
        self._views = views
        self._executor = executor
        self._unassigned = Scope(provider, NO_SITE)

    async def worklist(
        self, reach: Reach, *, site: str | None, status: str | None, limit: int = MOST_LISTED
    ) -> list[Document]:
        """Cases, most urgent first and the longest waiting first among equals.

        By default those that wait for a decision, and decided ones with words that nobody has read yet (SAFETY S4).
        """
        asked: Document = ({"status": status} if status else WAITING) | ({"site": site} if site else {})
        wanted = {"$and": [reach.query(), asked, ARRIVED]}
        documents = self._views.collection(await self._name())
        found = await documents.find(wanted).sort([("rank", 1), ("received_at", 1)]).limit(limit).to_list()
        return [shown(one) for one in found]

    async def one(self, case: UUID, reach: Reach, *, version: int = 0) -> Document:
        """A case; with `version` after waiting a moment until the view holds it. Raises `NotFound`."""
        found = await self._document(case, version=version)
        arrived = found is not None and found["status"] != UNHEARD
        within(reach, placed(found) if found and arrived else None, UNKNOWN)
        assert found is not None
        return found

    async def check(self, case: UUID, reach: Reach) -> None:
        """Raises `NotFound` for a case that has not arrived or is out of reach, as the journal has it."""
        known = (await self._executor.states([f"case/{case}"]))[f"case/{case}"]
        if isinstance(known, Exception):
            raise known
        arrived = known.scope is not None and not isinstance(known.state, Unheard)
        scope = known.scope if arrived else None
        within(reach, Placed(scope.provider, scope.site) if scope else None, UNKNOWN)

    async def _document(self, case: UUID, *, version: int = 0) -> Document | None:
        name = await self._name()
        if version:
            await self._views.wait_for(name, str(case), f"case/{case}", version)
        found = await self._views.collection(name).find_one({"_id": str(case)})
        return shown(found) if found else None

    async def scope_of(self, case: UUID | None) -> Scope:
        """The provider and site of a case, as far as is known here."""
        found = await self._document(case) if case else None
        return Scope(found["provider"], found["site"]) if found else self._unassigned

    async def _name(self) -> str:
        return await self._views.reads(BASE) or WORKLIST


def shown(document: Document) -> Document:
    """A document as it is handed out."""
    return {"id": document["_id"], **{name: value for name, value in document.items() if not name.startswith("_")}}
