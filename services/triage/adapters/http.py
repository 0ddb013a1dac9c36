"""Triage's JSON interface: the worklist, a named person's decision, reading the words, and measures."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from services.triage.adapters.doors import DecisionBody, Doors
from services.triage.adapters.queries import MOST_LISTED
from shared.access.app import guarded_router
from shared.access.guard import reach_of
from shared.events.triage import TriageCompleted
from shared.runtime.body import idempotency_key, parse, read_body
from shared.runtime.operation import performs


def routes(doors: Doors) -> APIRouter:
    """Every JSON route of triage."""
    router = guarded_router(prefix="/api/cases")
    _reading(router, doors)
    _deciding(router, doors)

    @router.post("/{case}/measures", status_code=201)
    @performs("triage.measure")
    async def measure(case: str, request: Request) -> Any:
        """A questionnaire's answers; an alert item in it is flagged before anything else is looked at (S3)."""
        return JSONResponse(await doors.measuring.take(case, request), status_code=201)

    return router


def _reading(router: APIRouter, doors: Doors) -> None:
    @router.get("")
    @performs("triage.list")
    async def worklist(
        request: Request,
        site: str | None = None,
        status: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    ) -> Any:
        """The worklist, most urgent first."""
        return {"cases": await doors.queries.worklist(reach_of(request), site=site, status=status, limit=limit)}

    @router.get("/{case}")
    @performs("triage.read")
    async def one(case: UUID, request: Request, version: int = 0) -> Any:
        """A case: what is advised, with reasons, and what was decided."""
        return await doors.queries.one(case, reach_of(request), version=version)


def _deciding(router: APIRouter, doors: Doors) -> None:
    @router.post("/{case}/decision")
    @performs("triage.decide")
    async def decide(case: UUID, request: Request) -> Any:
        """A named person's decision; the only way a case is accepted, declined or closed (S2)."""
        body = await read_body(request)
        outcome = await doors.decide(request, case, parse(DecisionBody, body), idempotency_key(request), body)
        decided = next(one.event for one in outcome.recorded if isinstance(one.event, TriageCompleted))
        return {"id": str(case), "version": outcome.version, "status": "decided", **decided.data()}

    @router.post("/{case}/text-read")
    @performs("triage.read-text")
    async def text_read(case: UUID, request: Request) -> Any:
        """A named person has read the words that came with the referral (S4). The body may be {}."""
        body = await read_body(request)
        parse(Nothing, body)
        outcome = await doors.mark_read(request, case, idempotency_key(request), body)
        return {"id": str(case), "version": outcome.version, "text_unread": False}


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")
