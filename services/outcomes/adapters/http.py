"""The figures as JSON."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.outcomes.adapters.queries import Queries

Day = date | datetime | None


def routes(queries: Queries) -> APIRouter:
    """Every JSON route of outcomes. `as_at`: what had happened by then; `known_at`: what was recorded by then."""
    router = APIRouter(prefix="/api")

    @router.get("/funnel")
    async def funnel(site: str | None = None, as_at: Day = None, known_at: Day = None) -> Any:
        """Referred, supported, followed up: distinct people, each stage with its n of m."""
        return await queries.funnel(queries.as_at(as_at, known_at), site=site)

    @router.get("/change")
    async def change(
        instrument: str = "HADS",
        scale: str = "anxiety",
        site: str | None = None,
        as_at: Day = None,
        known_at: Day = None,
    ) -> Any:
        """The paired change of one scale, or "too few"."""
        return await queries.change(queries.as_at(as_at, known_at), instrument=instrument, scale=scale, site=site)

    @router.get("/journeys/{case}")
    async def journey(case: UUID) -> Any:
        """One case's facts, each service's in a part of its own."""
        return await queries.journey(case)

    return router
