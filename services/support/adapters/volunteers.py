"""Support's JSON interface for volunteers and the places they have."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.support.adapters.doors import Asked, Doors, answer, submit
from services.support.domain.volunteer.commands import PauseVolunteer, RegisterVolunteer, ResumeVolunteer
from shared.access.app import guarded_router
from shared.access.caller import volunteer_of
from shared.access.guard import caller_of_request, reach_of
from shared.access.reach import Placed, Reach
from shared.events.codes import Code
from shared.runtime.body import parse, read_body
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.runtime.submission import Outcome, Scope

VOLUNTEER_LIST = "volunteer.list"
STANDINGS: dict[str, type[PauseVolunteer] | type[ResumeVolunteer]] = {
    "pause": PauseVolunteer,
    "resume": ResumeVolunteer,
}


class VolunteerBody(BaseModel):
    """A ready volunteer; without `cap` she gets the usual one. `account`: what the issuer calls her."""

    model_config = ConfigDict(extra="forbid")

    site: Code
    offers: Annotated[tuple[Code, ...], Field(min_length=1)]
    gates: tuple[Code, ...]
    cap: int | None = None
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] | None = None


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")


async def register(doors: Doors, request: Request, write: Asked, asked: VolunteerBody) -> Outcome:
    """Register her at a site within reach. Raises `Refused` (422) for a site or offer, `Rejected`."""
    scope = _scope(doors, asked, reach_of(request))
    volunteer = volunteer_of(asked.account) if asked.account else new_id()
    command = RegisterVolunteer(volunteer, asked.gates, asked.offers, asked.cap)
    return await submit(doors, write, command, "", scope)


async def stand(doors: Doors, request: Request, write: Asked, volunteer: UUID, standing: str) -> Outcome:
    """Pause her, or let her come back. Raises `NotFound`, `Rejected`, and `Refused` (404) for another word."""
    if standing not in STANDINGS:
        raise Refused(404, "http.404", "There is no such thing here.")
    await doors.queries.check_volunteer(volunteer, reach_of(request))
    return await submit(doors, write, STANDINGS[standing](volunteer), volunteer)


def routes(doors: Doors) -> APIRouter:
    """Every route about volunteers."""
    router = guarded_router(prefix="/api")

    @router.post("/volunteers", status_code=201)
    @performs("volunteer.register")
    async def registered(request: Request) -> Any:
        """Register a volunteer who passed every gate."""
        body = await read_body(request)
        asked, person = parse(VolunteerBody, body), caller_of_request(request)
        outcome = await register(doors, request, Asked.of(request, person, "register-volunteer", body), asked)
        volunteer = outcome.stream.split("/", 1)[1]
        status = {"id": volunteer, "status": "ready", **answer(outcome)}
        return JSONResponse(status, status_code=201, headers={"Location": f"/api/volunteers/{volunteer}"})

    @router.get("/volunteers")
    @performs("volunteer.list")
    async def volunteers(request: Request, site: str | None = None, offer: str | None = None) -> Any:
        """Volunteers with their free places."""
        return {"volunteers": await doors.queries.volunteers(reach_of(request), site=site, offer=offer)}

    @router.get("/capacity")
    @performs("volunteer.list")
    async def capacity(request: Request, site: str | None = None) -> Any:
        """Free places by site and offer."""
        return {"capacity": await doors.queries.capacity(reach_of(request), site=site)}

    _standing(router, doors)
    return router


def _standing(router: APIRouter, doors: Doors) -> None:
    @router.post("/volunteers/{volunteer}/{standing}")
    @performs("volunteer.stand")
    async def stood(volunteer: UUID, standing: str, request: Request) -> Any:
        """`pause` or `resume`; nobody asks why (S30). The body may be {}."""
        body = await read_body(request)
        parse(Nothing, body)
        write = Asked.of(request, caller_of_request(request), f"{standing}-volunteer", body)
        outcome = await stand(doors, request, write, volunteer, standing)
        return {"id": str(volunteer), **answer(outcome)}


def _scope(doors: Doors, asked: VolunteerBody, reach: Reach) -> Scope:
    site, provider = doors.data.sites.site(asked.site), doors.data.sites.provider_of(asked.site)
    if site is None or provider is None or not reach.covers(Placed(provider, site.id)):
        raise Refused(422, "body.invalid", "No such site.", errors=[{"field": "site", "reason": "unknown"}])
    if not set(asked.offers) <= set(site.offers):
        raise Refused(422, "body.invalid", "No such offer here.", errors=[{"field": "offers", "reason": "unknown"}])
    return Scope(provider, site.id)
