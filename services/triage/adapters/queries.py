"""What the worklist and a case's page read."""

from typing import Any
from uuid import UUID

from services.triage.domain.views import WORKLIST
from shared.runtime.submission import Scope
from shared.runtime.views import Views

BASE = WORKLIST.rpartition("_v")[0]
MOST_LISTED = 500
UNASSIGNED = Scope("unassigned", "unassigned")
Document = dict[str, Any]


class Queries:
    """Reads the worklist's documents."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def worklist(self, *, site: str | None, status: str | None, limit: int = MOST_LISTED) -> list[Document]:
        """Cases, most urgent first and the longest waiting first among equals; by default those that wait."""
        wanted: Document = {"status": status or "awaiting"} | ({"site": site} if site else {})
        documents = self._views.collection(await self._name())
        found = await documents.find(wanted).sort([("rank", 1), ("received_at", 1)]).limit(limit).to_list()
        return [shown(one) for one in found]

    async def one(self, case: UUID, *, version: int = 0) -> Document | None:
        """A case; with `version` after waiting a moment until the view holds it."""
        name = await self._name()
        if version:
            await self._views.wait_for(name, str(case), f"case/{case}", version)
        found = await self._views.collection(name).find_one({"_id": str(case)})
        return shown(found) if found else None

    async def scope_of(self, case: UUID | None) -> Scope:
        """The provider and site of a case, as far as is known here."""
        found = await self.one(case) if case else None
        return Scope(found["provider"], found["site"]) if found else UNASSIGNED

    async def _name(self) -> str:
        return await self._views.reads(BASE) or WORKLIST


def shown(document: Document) -> Document:
    """A document as it is handed out."""
    return {"id": document["_id"], **{name: value for name, value in document.items() if not name.startswith("_")}}
