"""The lead's pages: the list and one concern, with crisis numbers, a neutral title and nobody's identity."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.safeguarding.adapters.http import AcknowledgeBody, Doors, taken
from services.safeguarding.adapters.queries import UNKNOWN
from shared.access.app import guarded_router
from shared.access.guard import reach_of
from shared.events.refusal import NotFound, Rejected
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.web.forms import Fault, Faults, Form, form_of
from shared.web.pages import Pages, redirect

TEMPLATES = Path(__file__).parent.parent / "pages"
SHOWN_TIME = "%a %d %b %H:%M"
FORM_TIME = "%Y-%m-%dT%H:%M"
SUGGESTED = timedelta(hours=1)


class LeadPages:
    """Fills the templates; times are shown in the provider's zone, and no title says what this is."""

    def __init__(self, doors: Doors, pages: Pages) -> None:
        self._doors = doors
        self._zone = ZoneInfo(doors.ladder.working_hours.zone)
        self._pages = pages

    async def listed(self, request: Request) -> Response:
        """The list of open concerns."""
        concerns = [self._times(one) for one in await self._doors.queries.listed(reach_of(request))]
        return self._page(request, "list.html", concerns=concerns, now=self._shown(self._doors.clock.now()))

    async def one(self, request: Request, concern: UUID, *, fault: str = "", status: int = 200) -> Response:
        """One concern, with the form that takes it."""
        found = await self._doors.queries.one(concern)
        if found is None:
            raise NotFound(*UNKNOWN)
        suggested = (self._doors.clock.now() + SUGGESTED).astimezone(self._zone).strftime(FORM_TIME)
        faults = Faults((Fault("code", fault),) if fault else ())
        form = {"key": new_id(), "suggested": suggested, "faults": faults}
        return self._page(request, "one.html", status=status, one=self._times(found), **form)

    async def take(self, request: Request, concern: UUID, form: Form) -> Response:
        """Acknowledge from the form; a fault shows the page again, saying which."""
        try:
            at = datetime.fromisoformat(form.one("next_at")).replace(tzinfo=self._zone)
            asked = AcknowledgeBody(code=form.one("code"), next_step=form.one("next_step"), next_at=at)
            await taken(self._doors, concern, asked, key=form.one("key"))
        except (ValueError, ValidationError):
            return await self.one(request, concern, fault="Fill in your code, the next step and its time.", status=422)
        except Refused as refused:
            return await self.one(request, concern, fault=refused.detail, status=refused.status)
        except NotFound:
            raise
        except Rejected as refused:
            return await self.one(request, concern, fault=refused.detail, status=409)
        return redirect(request, f"/concerns/{concern}")

    def _page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        ladder = self._doors.ladder
        words: dict[str, Any] = {"wording": ladder.wording, "standing": ladder.standing, "steps": ladder.next_steps}
        return self._pages.page(request, template, status=status, zone=self._zone.key, **words, **values)

    def _times(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {name: self._shown(value) if isinstance(value, datetime) else value for name, value in entry.items()}

    def _shown(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime(SHOWN_TIME)


def page_routes(doors: Doors, own: Pages) -> APIRouter:
    """The lead's pages."""
    router, pages = guarded_router(include_in_schema=False), LeadPages(doors, own)

    @router.get("/concerns")
    @performs("concern.list")
    async def listed(request: Request) -> Response:
        return await pages.listed(request)

    @router.get("/concerns/{concern}")
    @performs("concern.page")
    async def one(concern: UUID, request: Request) -> Response:
        return await pages.one(request, concern)

    @router.post("/concerns/{concern}/acknowledge")
    @performs("concern.acknowledge")
    async def take(concern: UUID, request: Request) -> Response:
        return await pages.take(request, concern, await form_of(request))

    return router
