"""The public pages on which a woman asks for support herself: what is shared, the form, and what comes next."""

import time
from collections import OrderedDict, deque
from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.referral.adapters.self_form import Reach
from services.referral.adapters.self_referral import SelfReferral
from shared.access.app import guarded_router
from shared.events.refusal import NotFound
from shared.runtime.clock import new_id
from shared.runtime.errors import Failure, KeyReused
from shared.runtime.operation import performs
from shared.web.forms import Fault, Faults, Form, faults_of, form_of
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

FIELDS = ("given", "reach", "detail", "safe_to_contact", "stage", "baby_date", "text", "heard_from", "danger")
OPTIONAL = ("baby_date", "heard_from")
NOT_HERE = ("page.unknown", "There is nothing at this address.")
MINUTE_S = 60.0
MOST_KEPT = 10_000


class Sends:
    """How often one connection, and all together, sent the form in the last minute; kept by this process alone."""

    def __init__(self, each: int, all_together: int) -> None:
        self._each = each
        self._in_all = all_together
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def too_many(self, address: str) -> bool:
        """Count one more from this address. Nothing of it is written down anywhere."""
        now = time.monotonic()
        own = self._by_address.setdefault(address, deque())
        self._by_address.move_to_end(address)
        if len(self._by_address) > MOST_KEPT:
            self._by_address.popitem(last=False)
        for times in (own, self._all):
            while times and times[0] < now - MINUTE_S:
                times.popleft()
        if len(own) >= self._each or len(self._all) >= self._in_all:
            return True
        own.append(now)
        self._all.append(now)
        return False


class SelfPages:
    """Fills the templates; no title says what this is, and no answer is in an address (S10)."""

    def __init__(self, referral: SelfReferral, pages: Pages, terms: Terms) -> None:
        self._referral = referral
        self._pages = pages
        self._terms = terms
        self._sends = Sends(referral.rules.sends_a_minute, referral.rules.sends_a_minute_in_all)

    def begin(self, request: Request, site: str) -> Response:
        """What happens to what she says, before she says anything."""
        return self._page(request, "talk.html", site)

    def ask(self, request: Request, site: str) -> Response:
        """The empty form."""
        return self._form(request, site, Form({}), Faults())

    def received(self, request: Request, site: str) -> Response:
        """Thanks, when somebody reads it, whom to ring until then."""
        return self._page(request, "talk_received.html", site)

    async def take(self, request: Request, site: str, form: Form) -> Response:
        """Keep it; a fault shows the form again with what she typed, and whether the danger she named is known."""
        self._must_be_ours(site)
        if self._sends.too_many(request.client.host if request.client else ""):
            return self._form(request, site, form, _at_top("This was sent too often. Wait a minute."), status=429)
        said, key = {name: form.one(name) for name in FIELDS}, form.one("key") or str(new_id())
        asked = {name: value for name, value in said.items() if value or name not in OPTIONAL}
        try:
            await self._referral.take(site, asked, key)
        except ValidationError as invalid:
            faults = faults_of(invalid, self._terms.faults)
            told = said["danger"] in ("yes", "not_sure")
            return self._form(request, site, form, faults, status=422, told=told, key=key)
        except KeyReused:
            again = "You sent this before. If you changed something, send it once more."
            return self._form(request, site, form, _at_top(again), status=409, key=str(new_id()))
        except Failure:
            return self._form(request, site, form, _at_top("NOT SENT. Nobody has this yet."), status=503)
        return redirect(request, f"/talk/{site}/received")

    def _form(
        self,
        request: Request,
        site: str,
        form: Form,
        faults: Faults,
        *,
        status: int = 200,
        told: bool = False,
        key: str = "",
    ) -> Response:
        typed = {name: form.one(name) for name in FIELDS}
        rules = self._referral.rules
        values: dict[str, Any] = {
            "typed": typed,
            "faults": faults,
            "told": told,
            "reach": get_args(Reach),
            "heard": rules.heard_from,
        }
        values["key"] = key or form.one("key") or str(new_id())
        return self._page(request, "talk_form.html", site, status=status, **values)

    def _page(self, request: Request, template: str, site: str, *, status: int = 200, **values: Any) -> Response:
        self._must_be_ours(site)
        read_next = self._referral.read_next()
        return self._pages.page(
            request, template, status=status, site=site, read_next=read_next, terms=self._terms, **values
        )

    def _must_be_ours(self, site: str) -> None:
        if not self._referral.known_site(site):
            raise NotFound(*NOT_HERE)


def _at_top(words: str) -> Faults:
    return Faults((Fault("given", words),))


def self_routes(referral: SelfReferral, pages: Pages, terms: Terms) -> APIRouter:
    """Three pages and the sending of the form."""
    router, shown = guarded_router(include_in_schema=False), SelfPages(referral, pages, terms)

    @router.get("/talk/{site}")
    @performs("self-referral.open")
    async def begin(site: str, request: Request) -> Response:
        return shown.begin(request, site)

    @router.get("/talk/{site}/form")
    @performs("self-referral.open")
    async def ask(site: str, request: Request) -> Response:
        return shown.ask(request, site)

    @router.post("/talk/{site}/form")
    @performs("self-referral.send")
    async def take(site: str, request: Request) -> Response:
        return await shown.take(request, site, await form_of(request))

    @router.get("/talk/{site}/received")
    @performs("self-referral.open")
    async def received(site: str, request: Request) -> Response:
        return shown.received(request, site)

    return router
