"""Support's pages about cases: the list within her reach, and one case with what she may do about it."""

import re
from contextlib import suppress
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.support.adapters.acting import Acting
from services.support.adapters.asking import asked, may
from services.support.adapters.doors import Doors
from services.support.adapters.volunteers import VOLUNTEER_LIST
from services.support.adapters.worry_pages import Button
from services.support.domain.case.commands import SessionOutcome
from shared.access.app import guard_of, guarded_router
from shared.access.guard import caller_of_request, reach_of
from shared.events.codes import Channel
from shared.events.refusal import NotFound, Rejected
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.web.forms import Fault, Faults, Form, form_of
from shared.web.moments import from_form
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

NONE = Faults()
WORRIED = re.compile(rb"in_danger=(yes|not_sure|no)\b")
MAY = {"log": "session.log", "match": "match.make", "end": "support.end"}


class CasePages:
    """Fills the templates; they show codes and dates, never a score (S28)."""

    def __init__(self, doors: Doors, pages: Pages, terms: Terms, button: Button) -> None:
        self._doors, self._acting, self._button = doors, Acting(doors), button
        self._pages = pages
        self._terms = terms

    async def listed(self, request: Request, status: str) -> Response:
        """Cases within her reach."""
        found = await self._doors.queries.cases(reach_of(request), site=None, status=status or None)
        named = await self._doors.names.of(caller_of_request(request), [one["id"] for one in found])
        names = {case: person.get("given") for case, person in named.people.items()}
        about: dict[str, Any] = {"cases": found, "names": names, "names_away": named.away, "chosen": status}
        about["worry"] = self._button.shown(request)
        return self._pages.page(request, "cases.html", terms=self._terms, **about)

    async def one(
        self, request: Request, case: UUID, *, faults: Faults = NONE, status: int = 200, receipt: str | None = None
    ) -> Response:
        """One case, with the forms she may use."""
        found = await self._doors.queries.case(case, reach_of(request))
        named = await self._doors.names.of(caller_of_request(request), [str(case)])
        allowed = may(request, MAY)
        free = await self._free(request, found) if allowed["match"] and found["status"] == "open" else []
        data = self._doors.data
        choices: dict[str, Any] = {
            "offers": data.offers,
            "channels": get_args(Channel),
            "outcomes": get_args(SessionOutcome),
            "missed": data.vocabulary.missed_reasons,
            "endings": data.vocabulary.ending_reasons,
        }
        keys: dict[str, Any] = {"key": new_id(), "signal": new_id(), "now": self._doors.clock.now()}
        about: dict[str, Any] = {"case": found, "may": allowed, "free": free, "choices": choices, "receipt": receipt}
        about |= {"person": named.of(str(case)), "names_away": named.away, "worry": self._button.shown(request, case)}
        shown: dict[str, Any] = {"faults": faults, "terms": self._terms, **about, **keys}
        return self._pages.page(request, "case.html", status=status, **shown)

    async def _free(self, request: Request, case: dict[str, Any]) -> list[dict[str, Any]]:
        """Volunteers of the case's site who have a place."""
        reach = guard_of(request).policy.reach(VOLUNTEER_LIST, caller_of_request(request))
        if reach is None:
            return []
        found = await self._doors.queries.volunteers(reach, site=case["site"])
        return [one for one in found if one["free"] or str(case["id"]) in one["places"]]

    async def place_and_match(self, request: Request, case: UUID) -> Response:
        """Keep a place while she is asked, or make the match once she agreed: the button says which."""
        form = await form_of(request)
        try:
            volunteer = UUID(form.one("volunteer"))
        except ValueError:
            fault = Faults((Fault("volunteer", self._terms.faults["volunteer"]),))
            return await self.one(request, case, faults=fault, status=422)
        try:
            if form.one("step") == "match":
                write = await asked(request, form, "make-match")
                await self._acting.match(request, write, case, volunteer, form.one("offer") or None)
            else:
                await self._acting.hold(request, await asked(request, form, "hold-place"), case, volunteer)
        except NotFound:
            raise
        except Rejected as refused:
            return await self._refused(request, case, "volunteer", refused)
        return redirect(request, f"/cases/{case}")

    async def end(self, request: Request, case: UUID) -> Response:
        """End support with a reason of the list or in own words."""
        form = await form_of(request)
        reason = form.one("own_words").strip() or form.one("reason")
        if not reason:
            fault = Faults((Fault("reason", self._terms.faults["reason"]),))
            return await self.one(request, case, faults=fault, status=422)
        write = await asked(request, form, "end-support")
        try:
            await self._acting.end(request, write, case, reason, review=form.one("review") == "yes")
        except NotFound:
            raise
        except Rejected as refused:
            return await self._refused(request, case, "reason", refused)
        return redirect(request, f"/cases/{case}")

    async def log(self, request: Request, case: UUID) -> Response:
        """A session: its worry first, whatever is wrong with the rest (S3)."""
        body = await request.body()
        try:
            form = await form_of(request)
            worry = _worry(form)
        except Refused as unreadable:
            if said := WORRIED.search(body):
                sent = {"in_danger": said[1].decode()}
                unreadable.extra["receipt"] = await self._doors.worries.keep(sent, case, request, body)
            raise
        receipt = await self._doors.worries.keep(worry, case, request, body)
        try:
            sent = _session(form)
            write = await asked(request, form, "log-session")
            await self._acting.log_session(request, write, case, sent)
        except Refused as refused:
            if refused.status != 409:
                refused.extra["receipt"] = receipt
                raise
            fault = Faults((Fault("minutes", refused.detail),))
            return await self._with_receipt(request, case, receipt, faults=fault, status=409)
        return await self._with_receipt(request, case, receipt) if receipt else redirect(request, f"/cases/{case}")

    async def _with_receipt(self, request: Request, case: UUID, receipt: str | None, **said: Any) -> Response:
        """The case again; the receipt alone where support ended meanwhile and the case is no longer hers to see."""
        try:
            return await self.one(request, case, receipt=receipt, **said)
        except NotFound:
            if receipt is None:
                raise
            worry = self._button.shown(request)
            return self._pages.page(request, "worry.html", worry=worry, receipt=receipt, not_sent=False)

    async def _refused(self, request: Request, case: UUID, field: str, refused: Rejected) -> Response:
        fault = Faults((Fault(field, refused.detail or "The present state does not allow this."),))
        return await self.one(request, case, faults=fault, status=409)


def _worry(form: Form) -> dict[str, Any] | None:
    if not form.one("in_danger"):
        return None
    return {"in_danger": form.one("in_danger"), "signal_id": form.one("signal"), "about": None}


def _session(form: Form) -> dict[str, Any]:
    """The form as the JSON door takes it: what cannot be read stays as it was sent, and becomes a fault there."""
    held_at: Any = form.one("held_at")
    with suppress(ValueError):
        held_at = from_form(held_at).isoformat()
    minutes: Any = form.one("minutes")
    named = {name: form.one(name) for name in ("session", "offer", "channel", "outcome", "notes") if form.one(name)}
    return {
        **named,
        "held_at": held_at,
        "minutes": int(minutes) if minutes.isdecimal() else minutes,
        "reasons": [one for one in form.all("reasons") if one],
    }


def page_routes(doors: Doors, pages: Pages, terms: Terms, button: Button) -> APIRouter:
    """The list, the case, and what its forms do."""
    router, cases = guarded_router(include_in_schema=False), CasePages(doors, pages, terms, button)

    @router.get("/cases")
    @performs("support.list")
    async def listed(request: Request, status: str = "") -> Response:
        return await cases.listed(request, status)

    @router.get("/cases/{case}")
    @performs("support.read")
    async def one(case: UUID, request: Request) -> Response:
        return await cases.one(request, case)

    @router.post("/cases/{case}/match")
    @performs("match.make")
    async def match(case: UUID, request: Request) -> Response:
        return await cases.place_and_match(request, case)

    @router.post("/cases/{case}/end")
    @performs("support.end")
    async def end(case: UUID, request: Request) -> Response:
        return await cases.end(request, case)

    @router.post("/cases/{case}/sessions")
    @performs("session.log")
    async def log(case: UUID, request: Request) -> Response:
        return await cases.log(request, case)

    return router
