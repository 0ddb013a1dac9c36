"""Her own phone, remembered (S30): a PIN opens her sessions without the issuer; it can be forgotten from anywhere."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.support.adapters.doors import Doors
from services.support.domain.phone.phone import ForgetPhone
from shared.access.app import guarded_router
from shared.access.caller import Caller
from shared.access.device.kept import Device, Devices, WrongPin
from shared.access.guard import caller_of_request, reach_of
from shared.access.session.cookies import Cookie
from shared.access.session.wiring import SignIn
from shared.events.ids import command_cause
from shared.programmes.model import NO_SITE
from shared.runtime.http import correlation_of
from shared.runtime.operation import performs
from shared.runtime.submission import Scope, Submission
from shared.web.forms import Fault, Faults, form_of
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

UNLOCK = "/phone/unlock"
NONE = Faults()


@dataclass(frozen=True)
class Phones:
    """Remembered phones of support. What they open ends with them: their sessions carry their id."""

    devices: Devices
    cookie: Cookie
    sign_in: SignIn
    doors: Doors

    async def of(self, request: Request) -> Device | None:
        """The phone that asks, if it is remembered."""
        secret = self.cookie.read(request)
        return await self.devices.find(secret) if secret else None

    async def open(self, device: Device) -> str:
        """A session for a phone whose PIN was right; returns the secret of its cookie."""
        ends_at = min(device.ends_at, self.doors.clock.now() + self.devices.limits.opened)
        return await self.sign_in.sessions.begin(device.owner, issuer_session=_session_of(device.id), ends_at=ends_at)

    async def forget(self, request: Request, person: str, scope: Scope, device: UUID | None = None) -> int:
        """Forget phones of a person and what they opened, at once; said once for each. Returns how many there were."""
        gone = await self.devices.forget(person, device)
        by = caller_of_request(request)
        for one in gone:
            await self.sign_in.sessions.end_of_issuer(_session_of(one))
            asked = ForgetPhone(one, str(by))
            cause = command_cause(by.client, "forget-phone", str(one))
            submission = Submission(asked, cause, scope, correlation=correlation_of(request))
            await self.doors.executor.submit(submission)
        return len(gone)


def _home(person: Caller) -> Scope:
    """Whose event it is: her provider's first site."""
    return Scope(person.provider or "unknown", (person.sites or (NO_SITE,))[0])


def _session_of(device: UUID) -> str:
    return f"device/{device}"


def phone_routes(phones: Phones, pages: Pages, terms: Terms) -> APIRouter:
    """Remembering, opening and forgetting."""
    router = guarded_router(include_in_schema=False)
    _remembering(router, phones, pages, terms)
    _opening(router, phones, pages, terms)
    _forgetting(router, phones)
    return router


def _remembering(router: APIRouter, phones: Phones, pages: Pages, terms: Terms) -> None:
    async def shown(request: Request, faults: Faults = NONE, status: int = 200) -> Response:
        device = await phones.of(request)
        mine = device is not None and device.owner.id == caller_of_request(request).id
        limits = phones.devices.limits
        about: dict[str, Any] = {
            "mine": mine,
            "days": limits.days,
            "digits": limits.pin_digits,
            "terms": terms,
            "faults": faults,
        }
        return pages.page(request, "phone.html", status=status, **about)

    @router.get("/phone")
    @performs("device.remember")
    async def phone(request: Request) -> Response:
        return await shown(request)

    @router.post("/phone")
    @performs("device.remember")
    async def remember(request: Request) -> Response:
        form = await form_of(request)
        pin = form.one("pin")
        if pin != form.one("again"):
            return await shown(request, Faults((Fault("again", terms.faults["again"]),)), 422)
        try:
            secret, _ = await phones.devices.remember(caller_of_request(request), pin)
        except ValueError:
            return await shown(request, Faults((Fault("pin", terms.faults["pin"]),)), 422)
        answer = redirect(request, "/phone")
        phones.cookie.put(answer, secret, seconds=int(phones.devices.limits.life.total_seconds()))
        return answer


def _opening(router: APIRouter, phones: Phones, pages: Pages, terms: Terms) -> None:
    @router.get(UNLOCK)
    @performs("session.begin")
    async def ask(request: Request) -> Response:
        return pages.page(request, "unlock.html", terms=terms, faults=NONE)

    @router.post(UNLOCK)
    @performs("session.begin")
    async def unlock(request: Request) -> Response:
        """The PIN; after too many wrong ones the phone is forgotten and she signs in again."""
        secret = phones.cookie.read(request)
        try:
            device = await phones.devices.unlock(secret, (await form_of(request)).one("pin")) if secret else None
        except WrongPin as wrong:
            words = terms.faults["wrong_pin" if wrong.left else "forgotten"]
            return pages.page(request, "unlock.html", status=403, terms=terms, faults=Faults((Fault("pin", words),)))
        if device is None:
            answer: Response = redirect(request, "/cases")
            phones.cookie.drop(answer)
            return answer
        answer = redirect(request, "/cases")
        phones.sign_in.cookie.put(answer, await phones.open(device))
        return answer


def _forgetting(router: APIRouter, phones: Phones) -> None:
    @router.post("/phone/forget")
    @performs("device.revoke")
    async def forget_own(request: Request) -> Response:
        """This phone, or every phone of hers."""
        person, device = caller_of_request(request), await phones.of(request)
        everywhere = (await form_of(request)).one("which") == "all"
        mine = device.id if device and device.owner.id == person.id else None
        if everywhere or mine:
            await phones.forget(request, person.id, _home(person), None if everywhere else mine)
        answer = redirect(request, "/phone")
        phones.cookie.drop(answer)
        return answer

    @router.post("/volunteers/{volunteer}/forget-phones")
    @performs("device.revoke")
    async def forget_hers(volunteer: UUID, request: Request) -> Response:
        """A volunteer lost hers: a project manager of her site, or she herself, forgets all of them."""
        await phones.doors.queries.check_volunteer(volunteer, reach_of(request))
        await phones.forget(request, str(volunteer), _home(caller_of_request(request)))
        return redirect(request, "/volunteers")
