"""The lead's pages: the list and one concern, with a neutral title and nobody's identity; and, behind her own code, the
contact card of a concern she took."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.safeguarding.adapters.card_http import knows_code
from services.safeguarding.adapters.http import AcknowledgeBody, Doors, taken
from services.safeguarding.adapters.notify import reference_of
from services.safeguarding.adapters.queries import UNKNOWN
from services.safeguarding.domain.card import dialled
from shared.access.app import guard_of, guarded_router
from shared.access.guard import caller_of_request, reach_of
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
CARD_CODE = "card-code"


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

    async def one(
        self, request: Request, concern: UUID, *, fault: str = "", status: int = 200, field: str = "code"
    ) -> Response:
        """One concern, with the form that takes it, and once taken the one that opens its card."""
        found = await self._doors.queries.one(concern)
        if found is None:
            raise NotFound(*UNKNOWN)
        suggested = (self._doors.clock.now() + SUGGESTED).astimezone(self._zone).strftime(FORM_TIME)
        shown_field = field if found.get("by_role") else "code"  # before anybody took it there is only one form
        faults = Faults((Fault(shown_field, fault),) if fault else ())
        form = {"key": new_id(), "suggested": suggested, "faults": faults}
        return self._page(request, "one.html", status=status, one=self._times(found), **form)

    async def take(self, request: Request, concern: UUID, form: Form) -> Response:
        """Acknowledge from the form; a fault shows the page again, saying which."""
        try:
            at = datetime.fromisoformat(form.one("next_at")).replace(tzinfo=self._zone)
            asked = AcknowledgeBody(code=form.one("code"), next_step=form.one("next_step"), next_at=at)
            acting, _ = await taken(self._doors, concern, asked, key=form.one("key"))
        except (ValueError, ValidationError):
            return await self.one(request, concern, fault="Fill in your code, the next step and its time.", status=422)
        except Refused as refused:
            return await self.one(request, concern, fault=refused.detail, status=refused.status)
        except NotFound:
            raise
        except Rejected as refused:
            return await self.one(request, concern, fault=refused.detail, status=409)
        return await self._opened(request, concern, acting)

    async def unlock(self, request: Request, concern: UUID, form: Form) -> Response:
        """Her own code opens the card of a concern she took; a fault shows the concern again, saying which."""
        try:
            acting = await knows_code(self._doors, concern, form.one("code"))
        except NotFound:
            raise
        except Refused as refused:
            return await self.one(request, concern, fault=refused.detail, status=refused.status, field=CARD_CODE)
        except Rejected as refused:
            return await self.one(request, concern, fault=refused.detail, status=409, field=CARD_CODE)
        return await self._opened(request, concern, acting)

    async def _opened(self, request: Request, concern: UUID, acting: str) -> Response:
        """On to the card, with a pass: reading the page again sends no code again."""
        answer = redirect(request, f"/concerns/{concern}/card")
        await self._doors.passes.give(answer, concern, acting)
        return answer

    async def card(self, request: Request, concern: UUID) -> Response:
        """The card, or what stands in for it. Whoever typed no code here lately is asked for it again."""
        caller, rules = caller_of_request(request), self._doors.opening.rules
        if caller.via != "own_code":
            await guard_of(request).note_failed(request, "safeguarding.code_first")
            return await self.one(request, concern, fault=rules.words["code_again"], status=403, field=CARD_CODE)
        opened = await self._doors.opening.open(concern, str(caller))
        shown: dict[str, Any] = {"card": opened.card, "found": opened.standing, "numbers": opened.numbers}
        how: dict[str, Any] = {"rules": rules, "dialled": dialled, "dated": dated, "reference": reference_of(concern)}
        return self._page(request, "card.html", concern=concern, **shown, **how)

    def _page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        ladder = self._doors.ladder
        words: dict[str, Any] = {"wording": ladder.wording, "standing": ladder.standing, "steps": ladder.next_steps}
        return self._pages.page(request, template, status=status, zone=self._zone.key, **words, **values)

    def _times(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {name: self._shown(value) if isinstance(value, datetime) else value for name, value in entry.items()}

    def _shown(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime(SHOWN_TIME)


def dated(day: date) -> str:
    """A day in words: "23 November 2026"."""
    return f"{day.day} {day:%B %Y}"


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

    @router.get("/concerns/{concern}/card")
    @performs("concern.card")
    async def card(concern: UUID, request: Request) -> Response:
        return await pages.card(request, concern)

    @router.post("/concerns/{concern}/card")
    @performs("concern.card")
    async def unlock(concern: UUID, request: Request) -> Response:
        return await pages.unlock(request, concern, await form_of(request))

    @router.post("/concerns/{concern}/acknowledge")
    @performs("concern.acknowledge")
    async def take(concern: UUID, request: Request) -> Response:
        return await pages.take(request, concern, await form_of(request))

    return router
