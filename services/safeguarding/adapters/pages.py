"""The lead's pages: the list and one concern, with crisis numbers, a neutral title and nobody's identity."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from pydantic import ValidationError

from services.safeguarding.adapters.http import AcknowledgeBody, Doors, taken
from shared.events.refusal import NotFound, Rejected
from shared.runtime.clock import new_id
from shared.runtime.problems import Refused

TEMPLATES = Path(__file__).parent.parent / "pages"
SHOWN_TIME = "%a %d %b %H:%M"
FORM_TIME = "%Y-%m-%dT%H:%M"
SUGGESTED = timedelta(hours=1)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


class Pages:
    """Fills the templates; times are shown in the provider's zone."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._zone = ZoneInfo(doors.ladder.working_hours.zone)
        self._templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)

    async def listed(self) -> Response:
        """The list of open concerns."""
        concerns = [self._times(one) for one in await self._doors.queries.listed()]
        return self._page("list.html", concerns=concerns, now=self._shown(self._doors.clock.now()))

    async def one(self, concern: UUID, *, fault: str = "", status: int = 200) -> Response:
        """One concern, with the form that takes it."""
        found = await self._doors.queries.one(concern)
        if found is None:
            raise NotFound("safeguarding.no_such_concern", "There is no concern with this reference.")
        suggested = (self._doors.clock.now() + SUGGESTED).astimezone(self._zone).strftime(FORM_TIME)
        return self._page(
            "one.html", status=status, one=self._times(found), fault=fault, key=new_id(), suggested=suggested
        )

    async def take(self, concern: UUID, form: dict[str, list[str]]) -> Response:
        """Acknowledge from the form; a fault shows the page again, saying which."""
        fields = {name: values[0] for name, values in form.items()}
        try:
            at = datetime.fromisoformat(fields.get("next_at", "")).replace(tzinfo=self._zone)
            asked = AcknowledgeBody(code=fields.get("code", ""), next_step=fields.get("next_step", ""), next_at=at)
            await taken(self._doors, concern, asked, key=fields.get("key", ""))
        except (ValueError, ValidationError):
            return await self.one(concern, fault="Fill in your code, the next step and its time.", status=422)
        except Refused as refused:
            return await self.one(concern, fault=refused.detail, status=refused.status)
        except NotFound:
            raise
        except Rejected as refused:
            return await self.one(concern, fault=refused.detail, status=409)
        return RedirectResponse(f"/concerns/{concern}", status_code=303, headers=HEADERS)

    def _page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        ladder = self._doors.ladder
        text = self._templates.get_template(template).render(
            wording=ladder.wording, standing=ladder.standing, steps=ladder.next_steps, zone=self._zone.key, **values
        )
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    def _times(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {name: self._shown(value) if isinstance(value, datetime) else value for name, value in entry.items()}

    def _shown(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime(SHOWN_TIME)


def page_routes(doors: Doors) -> APIRouter:
    """The lead's pages; the root leads to the list."""
    router, pages = APIRouter(include_in_schema=False), Pages(doors)
    script = (TEMPLATES / "concerns.js").read_text(encoding="utf-8")

    @router.get("/")
    async def root() -> Response:
        return RedirectResponse("/concerns", headers=HEADERS)

    @router.get("/concerns.js")
    async def live_script() -> Response:
        return Response(script, media_type="text/javascript", headers=HEADERS)

    @router.get("/concerns")
    async def listed() -> Response:
        return await pages.listed()

    @router.get("/concerns/{concern}")
    async def one(concern: UUID) -> Response:
        return await pages.one(concern)

    @router.post("/concerns/{concern}/acknowledge")
    async def take(concern: UUID, request: Request) -> Response:
        body = await request.body()
        return await pages.take(concern, parse_qs(body.decode(errors="replace")))

    return router
