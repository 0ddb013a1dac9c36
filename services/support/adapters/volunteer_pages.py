"""The page of volunteers: who is ready and has places, with what a project manager or trainer may do about them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.support.adapters.asking import asked, may
from services.support.adapters.doors import Doors
from services.support.adapters.volunteers import VolunteerBody, register, stand
from shared.access.app import guarded_router
from shared.access.guard import caller_of_request, reach_of
from shared.events.refusal import NotFound, Rejected
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.web.forms import Fault, Faults, faults_of, form_of
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

NONE = Faults()
MAY = {"register": "volunteer.register", "stand": "volunteer.stand"}


class VolunteerPages:
    """Fills the template."""

    def __init__(self, doors: Doors, pages: Pages, terms: Terms) -> None:
        self._doors = doors
        self._pages = pages
        self._terms = terms

    async def listed(self, request: Request, *, faults: Faults = NONE, status: int = 200) -> Response:
        """Volunteers within her reach, those with most free places first."""
        found = await self._doors.queries.volunteers(reach_of(request), site=None)
        caller = caller_of_request(request)
        sites = [site for provider in self._doors.data.sites.providers for site in provider.sites]
        choices: dict[str, Any] = {
            "sites": [site.id for site in sites if site.id in caller.sites],
            "offers": self._doors.data.offers,
            "gates": self._doors.gates,
        }
        about: dict[str, Any] = {
            "volunteers": found,
            "may": may(request, MAY),
            "choices": choices,
            "faults": faults,
            "key": new_id(),
        }
        return self._pages.page(request, "volunteers.html", status=status, terms=self._terms, **about)

    async def register(self, request: Request) -> Response:
        """Register a volunteer who passed every gate."""
        form = await form_of(request)
        try:
            body = VolunteerBody(
                site=form.one("site"),
                offers=tuple(form.all("offers")),
                gates=tuple(form.all("gates")),
                account=form.one("account").strip() or None,
            )
            await register(self._doors, request, await asked(request, form, "register-volunteer"), body)
        except ValidationError as invalid:
            return await self.listed(request, faults=faults_of(invalid, self._terms.faults), status=422)
        except Rejected as refused:
            return await self._refused(request, refused.detail, 409)
        except Refused as refused:
            return await self._refused(request, refused.detail, refused.status)
        return redirect(request, "/volunteers")

    async def stand(self, request: Request, volunteer: UUID, standing: str) -> Response:
        """Pause or come back; nobody asks why (S30)."""
        form = await form_of(request)
        write = await asked(request, form, f"{standing}-volunteer")
        try:
            await stand(self._doors, request, write, volunteer, standing)
        except NotFound:
            raise
        except Rejected as refused:
            return await self._refused(request, refused.detail, 409)
        return redirect(request, "/volunteers")

    async def _refused(self, request: Request, detail: str, status: int) -> Response:
        return await self.listed(request, faults=Faults((Fault("site", detail),)), status=status)


def volunteer_page_routes(doors: Doors, pages: Pages, terms: Terms) -> APIRouter:
    """The page and its two forms."""
    router, desk = guarded_router(include_in_schema=False), VolunteerPages(doors, pages, terms)

    @router.get("/volunteers")
    @performs("volunteer.list")
    async def listed(request: Request) -> Response:
        return await desk.listed(request)

    @router.post("/volunteers")
    @performs("volunteer.register")
    async def registered(request: Request) -> Response:
        return await desk.register(request)

    @router.post("/volunteers/{volunteer}/{standing}")
    @performs("volunteer.stand")
    async def stood(volunteer: UUID, standing: str, request: Request) -> Response:
        return await desk.stand(request, volunteer, standing)

    return router
