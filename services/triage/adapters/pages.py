"""The pages of whoever decides: the worklist, most urgent first, and one case with what is advised and the decision."""

from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.triage.adapters.doors import DecisionBody, Doors
from shared.access.app import guarded_router, may
from shared.access.guard import caller_of_request, reach_of
from shared.events.refusal import NotFound, Rejected
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.web.forms import Fault, Faults, Form, faults_of, form_of
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

TEMPLATES = Path(__file__).parent.parent / "pages"
STATUSES = ("awaiting", "decided")
DECIDING, READING = "triage.decide", "triage.read-text"
NONE = Faults()


class DeskPages:
    """Fills the templates; a page shows codes and dates, and says that its rules are defaults (S2)."""

    def __init__(self, doors: Doors, pages: Pages, terms: Terms) -> None:
        self._doors = doors
        self._pages = pages
        self._terms = terms

    async def worklist(self, request: Request, *, site: str, status: str) -> Response:
        """Cases within her reach."""
        wanted = status if status in STATUSES else STATUSES[0]
        asked = None if wanted == STATUSES[0] else wanted  # with decided ones whose words nobody has read
        cases = await self._doors.queries.worklist(reach_of(request), site=site or None, status=asked)
        chosen: dict[str, Any] = {"site": site, "stands": wanted, "sites": caller_of_request(request).sites}
        return self._pages.page(request, "worklist.html", cases=cases, terms=self._terms, **chosen)

    async def one(self, request: Request, case: UUID, *, faults: Faults = NONE, status: int = 200) -> Response:
        """One case, with the form that decides it for those who may."""
        found = await self._doors.queries.one(case, reach_of(request))
        decided = found["status"] != "awaiting"
        may_decide = may(request, DECIDING, found) and not decided
        may_read = may(request, READING, found) and decided and found["text_unread"]
        form: dict[str, Any] = {"key": new_id(), "faults": faults, "may_decide": may_decide, "may_read": may_read}
        form["reasons"] = self._reasons()
        return self._pages.page(request, "case.html", status=status, case=found, terms=self._terms, **form)

    async def decide(self, request: Request, case: UUID, form: Form) -> Response:
        """The decision from the form; a fault shows the page again, saying which."""
        try:
            asked = DecisionBody(
                outcome=form.one("outcome"),  # type: ignore[arg-type]  # checked by the model
                offer=form.one("offer") or None,
                reason=form.one("own_words").strip() or form.one("reason"),
                text_read=form.one("text_read") == "yes",
            )
            await self._doors.decide(request, case, asked, form.one("key"), await request.body())
        except ValidationError as invalid:
            return await self.one(request, case, faults=faults_of(invalid, self._terms.faults), status=422)
        except NotFound:
            raise
        except Rejected as refused:
            return await self.one(request, case, faults=Faults((Fault("outcome", refused.detail),)), status=409)
        return redirect(request, f"/worklist/{case}")

    async def read(self, request: Request, case: UUID, form: Form) -> Response:
        """A named person says that she has read the words of a case that was decided before they came (S4)."""
        await self._doors.mark_read(request, case, form.one("key"), await request.body())
        return redirect(request, f"/worklist/{case}")

    def _reasons(self) -> list[str]:
        return sorted(self._doors.data.vocabulary.decision_reasons)


def page_routes(doors: Doors, pages: Pages, terms: Terms) -> APIRouter:
    """The two pages."""
    router, desk = guarded_router(include_in_schema=False), DeskPages(doors, pages, terms)

    @router.get("/worklist")
    @performs("triage.list")
    async def worklist(request: Request, site: str = "", status: str = "") -> Response:
        return await desk.worklist(request, site=site, status=status)

    @router.get("/worklist/{case}")
    @performs("triage.read")
    async def one(case: UUID, request: Request) -> Response:
        return await desk.one(request, case)

    @router.post("/worklist/{case}")
    @performs("triage.decide")
    async def decide(case: UUID, request: Request) -> Response:
        return await desk.decide(request, case, await form_of(request))

    @router.post("/worklist/{case}/read")
    @performs("triage.read-text")
    async def read(case: UUID, request: Request) -> Response:
        return await desk.read(request, case, await form_of(request))

    return router
