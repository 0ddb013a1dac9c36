"""The button "I am worried now" on a page (S19, S20): one question; a receipt, or NOT SENT with the numbers to ring."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.support.adapters.doors import Doors
from shared.access.app import guarded_router
from shared.access.guard import caller_of_request
from shared.access.service_keys import Signer
from shared.access.viewer import viewer_of
from shared.access.worry_pass import worry_pass
from shared.runtime.clock import new_id
from shared.runtime.errors import Failure
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.web.forms import form_of
from shared.web.pages import Pages

WITHOUT_SESSION = timedelta(hours=1)
"""How long a pass lasts where nothing else says when the reader's proof ends."""


@dataclass(frozen=True)
class Button:
    """What each page with the button needs; `safeguarding` is how browsers reach it, "" where nobody said."""

    signer: Signer
    safeguarding: str
    doors: Doors

    def shown(self, request: Request, case: UUID | None = None, signal: str = "") -> dict[str, Any]:
        """The component's values; the pass is the reader's own and lasts as long as her session."""
        caller, viewer, now = caller_of_request(request), viewer_of(request), self.doors.clock.now()
        ends = viewer.ends_at if viewer and viewer.ends_at else now + WITHOUT_SESSION
        named = (str(case),) if case else ()
        return {
            "action": f"/worried/{case}" if case else "/worried",
            "own": f"/api/cases/{case or '-'}/worries",
            "safeguarding": f"{self.safeguarding}/api/concerns" if self.safeguarding else "",
            "case": str(case or ""),
            "key": str(new_id()),
            "signal": signal or str(new_id()),
            "pass": worry_pass(self.signer, caller, life=ends - now, cases=named),
        }


def worry_page_routes(doors: Doors, pages: Pages, button: Button) -> APIRouter:
    """The page for a worry about nobody named, and about one case."""
    router = guarded_router(include_in_schema=False)

    async def take(request: Request, case: UUID | None) -> Response:
        body = await request.body()
        try:
            form = await form_of(request)
            sent = {"in_danger": form.one("in_danger"), "signal_id": form.one("signal")}
        except Refused:  # whatever came: whoever presses this button is worried (S3)
            sent = {"in_danger": "not_sure", "signal_id": ""}
        try:
            receipt = await doors.worries.keep(sent, case, request, body)
        except Failure:
            worry = button.shown(request, case, sent["signal_id"])
            return pages.page(request, "worry.html", status=503, worry=worry, receipt=None, not_sent=True)
        return pages.page(request, "worry.html", worry=button.shown(request, case), receipt=receipt, not_sent=False)

    @router.get("/worried")
    @performs("worry.raise")
    async def ask(request: Request) -> Response:
        return pages.page(request, "worry.html", worry=button.shown(request), receipt=None, not_sent=False)

    @router.post("/worried")
    @performs("worry.raise")
    async def raised(request: Request) -> Response:
        return await take(request, None)

    @router.get("/worried/{case}")
    @performs("worry.raise")
    async def ask_about(case: UUID, request: Request) -> Response:
        return pages.page(request, "worry.html", worry=button.shown(request, case), receipt=None, not_sent=False)

    @router.post("/worried/{case}")
    @performs("worry.raise")
    async def raised_about(case: UUID, request: Request) -> Response:
        return await take(request, case)

    return router
