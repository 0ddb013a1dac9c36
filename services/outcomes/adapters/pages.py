"""One page of figures: the funnel and the HADS table, with the words that define them."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from services.outcomes.adapters.http import Day
from services.outcomes.adapters.queries import Queries

TEMPLATES = Path(__file__).parent.parent / "pages"
SCALES = ("anxiety", "depression")
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}


def page_routes(queries: Queries) -> APIRouter:
    """The page, and the root that leads to it."""
    router = APIRouter(include_in_schema=False)
    template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template("figures.html")

    @router.get("/")
    async def root() -> Response:
        return RedirectResponse("/figures", headers=HEADERS)

    @router.get("/figures")
    async def figures(site: str | None = None, as_at: Day = None, known_at: Day = None) -> Response:
        cut = queries.as_at(as_at, known_at)
        funnel = await queries.funnel(cut, site=site)
        changes = [await queries.change(cut, instrument="HADS", scale=scale, site=site) for scale in SCALES]
        rows = [(site or "all sites", funnel["stages"]), *funnel.get("sites", {}).items()]
        return HTMLResponse(template.render(funnel=funnel, rows=rows, changes=changes), headers=HEADERS)

    return router
