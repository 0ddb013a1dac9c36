"""What the pages of volunteers, cases and capacity read; free places are counted when asked."""

from typing import Any
from uuid import UUID

from services.support.domain.case.state import Matched
from services.support.domain.views import CASES, VOLUNTEERS, free_places
from shared.access.guard import placed, within
from shared.access.reach import Placed, Reach
from shared.programmes.model import NO_SITE
from shared.runtime.cache import Known
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope
from shared.runtime.views import Views

MOST_LISTED = 500
UNKNOWN_CASE = ("support.unknown_case", "Support knows no case with this id.")
UNKNOWN_VOLUNTEER = ("support.unknown_volunteer", "Support knows no volunteer with this id.")
Document = dict[str, Any]


class Queries:
    """Reads the two views, and where cases and volunteers belong, as far as the one who asks may see.

    `provider` has what names no site.
    """

    def __init__(self, views: Views, executor: Executor, provider: str) -> None:
        self._views = views
        self._executor = executor
        self._unassigned = Scope(provider, NO_SITE)

    async def volunteers(self, reach: Reach, *, site: str | None, offer: str | None = None) -> list[Document]:
        """Volunteers with their free places, those with most free first."""
        wanted: Document = ({"site": site} if site else {}) | ({"can_give": offer} if offer else {})
        found = await self._documents(VOLUNTEERS, reach, wanted)
        return sorted(({**one, "free": free_places(one)} for one in found), key=lambda one: -int(one["free"]))

    async def cases(self, reach: Reach, *, site: str | None, status: str | None) -> list[Document]:
        """Cases in support."""
        wanted: Document = ({"site": site} if site else {}) | ({"status": status} if status else {})
        return await self._documents(CASES, reach, wanted)

    async def case(self, case: UUID, reach: Reach, *, version: int = 0) -> Document:
        """A case; with `version` after waiting a moment until the view holds it. Raises `NotFound`."""
        found = await self._case(case, version=version)
        within(reach, placed(found) if found else None, UNKNOWN_CASE)
        assert found is not None
        return found

    async def _case(self, case: UUID, *, version: int = 0) -> Document | None:
        name = await self._name(CASES)
        if version:
            await self._views.wait_for(name, str(case), f"case/{case}", version)
        found = await self._views.collection(name).find_one({"_id": str(case)})
        return shown(found) if found else None

    async def check_case(self, case: UUID, reach: Reach, *, ever: bool = False) -> None:
        """Raises `NotFound` for a case nobody knows or out of reach, as the journal has it.

        `ever`: also for whoever was matched with her before.
        """
        known = await self._known(f"case/{case}")
        within(reach, _placed_case(known, reach, ever=ever), UNKNOWN_CASE)

    async def check_volunteer(self, volunteer: UUID, reach: Reach) -> None:
        """Raises `NotFound` for a volunteer nobody knows or out of reach, as the journal has it."""
        scope = (await self._known(f"volunteer/{volunteer}")).scope
        found = Placed(scope.provider, scope.site, person=str(volunteer)) if scope else None
        within(reach, found, UNKNOWN_VOLUNTEER)

    async def _known(self, stream: str) -> Known:
        known = (await self._executor.states([stream]))[stream]
        if isinstance(known, Exception):
            raise known
        return known

    async def capacity(self, reach: Reach, *, site: str | None) -> list[Document]:
        """Free places and ready volunteers, by site and offer."""
        found: dict[tuple[str, str], Document] = {}
        for one in await self.volunteers(reach, site=site):
            for offer in one["can_give"]:
                entry = found.setdefault(
                    (one["site"], offer), {"site": one["site"], "offer": offer, "free": 0, "volunteers": 0}
                )
                entry["free"] += one["free"]
                entry["volunteers"] += one["status"] == "ready"
        return [found[key] for key in sorted(found)]

    async def scope_of(self, case: UUID | None) -> Scope:
        """The provider and site of a case, as far as is known here."""
        found = await self._case(case) if case else None
        return Scope(found["provider"], found["site"]) if found else self._unassigned

    async def _documents(self, name: str, reach: Reach, wanted: Document) -> list[Document]:
        documents = self._views.collection(await self._name(name))
        found = documents.find({"$and": [reach.query(), wanted]}).limit(MOST_LISTED)
        return [shown(one) for one in await found.to_list()]

    async def _name(self, name: str) -> str:
        return await self._views.reads(name.rpartition("_v")[0]) or name


def _placed_case(known: Known, reach: Reach, *, ever: bool) -> Placed | None:
    if known.scope is None:
        return None
    now = known.state.volunteer if isinstance(known.state, Matched) else None
    before = reach.caller.volunteer if ever and reach.caller.volunteer in known.state.known.volunteers else None
    volunteer = before or now
    return Placed(known.scope.provider, known.scope.site, volunteer=str(volunteer) if volunteer else None)


def shown(document: Document) -> Document:
    """A document as it is handed out."""
    return {"id": document["_id"], **{name: value for name, value in document.items() if not name.startswith("_")}}
