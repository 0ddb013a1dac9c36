"""What the pages of volunteers, cases and capacity read; free places are counted when asked."""

from typing import Any
from uuid import UUID

from services.support.domain.views import CASES, VOLUNTEERS, free_places
from shared.runtime.submission import Scope
from shared.runtime.views import Views

MOST_LISTED = 500
UNASSIGNED = Scope("unassigned", "unassigned")
Document = dict[str, Any]


class Queries:
    """Reads the two views."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def volunteers(self, *, site: str | None, offer: str | None = None) -> list[Document]:
        """Volunteers with their free places, those with most free first."""
        wanted: Document = ({"site": site} if site else {}) | ({"can_give": offer} if offer else {})
        found = await self._documents(VOLUNTEERS, wanted)
        return sorted(({**one, "free": free_places(one)} for one in found), key=lambda one: -int(one["free"]))

    async def cases(self, *, site: str | None, status: str | None) -> list[Document]:
        """Cases in support."""
        return await self._documents(CASES, ({"site": site} if site else {}) | ({"status": status} if status else {}))

    async def case(self, case: UUID, *, version: int = 0) -> Document | None:
        """A case; with `version` after waiting a moment until the view holds it."""
        name = await self._name(CASES)
        if version:
            await self._views.wait_for(name, str(case), f"case/{case}", version)
        found = await self._views.collection(name).find_one({"_id": str(case)})
        return shown(found) if found else None

    async def capacity(self, *, site: str | None) -> list[Document]:
        """Free places and ready volunteers, by site and offer."""
        found: dict[tuple[str, str], Document] = {}
        for one in await self.volunteers(site=site):
            for offer in one["can_give"]:
                entry = found.setdefault(
                    (one["site"], offer), {"site": one["site"], "offer": offer, "free": 0, "volunteers": 0}
                )
                entry["free"] += one["free"]
                entry["volunteers"] += one["status"] == "ready"
        return [found[key] for key in sorted(found)]

    async def scope_of(self, case: UUID | None) -> Scope:
        """The provider and site of a case, as far as is known here."""
        found = await self.case(case) if case else None
        return Scope(found["provider"], found["site"]) if found else UNASSIGNED

    async def _documents(self, name: str, wanted: Document) -> list[Document]:
        documents = self._views.collection(await self._name(name))
        return [shown(one) for one in await documents.find(wanted).limit(MOST_LISTED).to_list()]

    async def _name(self, name: str) -> str:
        return await self._views.reads(name.rpartition("_v")[0]) or name


def shown(document: Document) -> Document:
    """A document as it is handed out."""
    return {"id": document["_id"], **{name: value for name, value in document.items() if not name.startswith("_")}}
