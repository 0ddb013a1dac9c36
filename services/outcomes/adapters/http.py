"""The figures as JSON."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from services.outcomes.adapters.queries import Queries
from shared.access.app import guarded_router
from shared.access.guard import reach_of
from shared.runtime.operation import performs

Day = date | datetime | None


def routes(queries: Queries) -> APIRouter:
    """Every JSON route of outcomes. `as_at`: what had happened by then; `known_at`: what was recorded by then."""
    router = guarded_router(prefix="/api")

    @router.get("/funnel")
    @performs("figures.read")
    async def funnel(request: Request, site: str | None = None, as_at: Day = None, known_at: Day = None) -> Any:
        """Referred, supported, followed up: distinct people, each stage with its n of m."""
        return await queries.funnel(queries.as_at(as_at, known_at), reach_of(request), site=site)

    @router.get("/change")
    @performs("figures.read")
    async def change(
        request: Request,
        instrument: str = "HADS",
        scale: str = "anxiety",
        site: str | None = None,
        as_at: Day = None,
        known_at: Day = None,
    ) -> Any:
        """The paired change of one scale, or "too few"."""
        cut, reach = queries.as_at(as_at, known_at), reach_of(request)
        return await queries.change(cut, reach, instrument=instrument, scale=scale, site=site)

    @router.get("/journeys/{case}")
    @performs("journey.read")
    async def journey(case: UUID, request: Request) -> Any:
        """One case's facts, each service's in a part of its own."""
        return await queries.journey(case, reach_of(request))

    return router
