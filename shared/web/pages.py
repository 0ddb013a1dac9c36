"""Fills a service's templates over one shared base page, and serves the one style sheet they need ourselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STYLE = "/beside.css"
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
"""Nothing is kept, framed, loaded from elsewhere or told to where a link leads (SAFETY S10)."""


class Pages:
    """Templates of one service; each extends "base.html". What a template names must be given, or filling it fails."""

    def __init__(self, templates: Path) -> None:
        loader = FileSystemLoader([templates, HERE / "templates"])
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, auto_reload=False)

    def page(self, name: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The template `name` filled with `values`, escaped."""
        return HTMLResponse(self._templates.get_template(name).render(values), status, dict(HEADERS))


def style_routes() -> APIRouter:
    """The style sheet; it says nothing about anybody, so it may be kept for an hour."""
    router = APIRouter(include_in_schema=False)

    @router.get(STYLE)
    async def style() -> Response:
        """The style sheet."""
        kept = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return FileResponse(HERE / "static" / "beside.css", media_type="text/css", headers=kept)

    return router
