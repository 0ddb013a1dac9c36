"""One page of figures: the funnel and the HADS table, with the words that define them."""

from pathlib import Path

from fastapi import APIRouter, Request, Response

from services.outcomes.adapters.http import Day
from services.outcomes.adapters.queries import Queries
from shared.access.app import guarded_router
from shared.access.guard import reach_of
from shared.runtime.operation import performs
from shared.web.pages import Pages

TEMPLATES = Path(__file__).parent.parent / "pages"
SCALES = ("anxiety", "depression")


def page_routes(queries: Queries, pages: Pages) -> APIRouter:
    """The page, and the root that leads to it."""
    router = guarded_router(include_in_schema=False)

    @router.get("/figures")
    @performs("figures.read")
    async def figures(request: Request, site: str | None = None, as_at: Day = None, known_at: Day = None) -> Response:
        cut, reach = queries.as_at(as_at, known_at), reach_of(request)
        funnel = await queries.funnel(cut, reach, site=site)
        changes = [await queries.change(cut, reach, instrument="HADS", scale=scale, site=site) for scale in SCALES]
        rows = [(site or "all sites", funnel["stages"]), *funnel.get("sites", {}).items()]
        return pages.page(request, "figures.html", funnel=funnel, rows=rows, changes=changes)

    return router
