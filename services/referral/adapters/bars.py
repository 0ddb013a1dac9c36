"""The FHIR door: one message in, one answer out, and the standard's table of repeats kept by the journal's claims."""

import asyncio
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.referral.adapters import bars_answers, bars_mapper
from services.referral.adapters.bars_bundle import Bundle, checked
from services.referral.adapters.bars_cancelling import Cancelling
from services.referral.adapters.bars_faults import (
    BarsRefused,
    deterministic,
    media_type,
    operation_outcome,
    require,
)
from services.referral.adapters.bars_headers import (
    JSON_TYPES,
    Sender,
    answer_type,
    check_media,
    ids_of,
    ods_codes_of,
    organisation_of,
)
from services.referral.adapters.bars_profile import Profile
from services.referral.adapters.bars_reads import Reads, not_offered
from services.referral.adapters.intake import Asking, Intake
from services.referral.adapters.senders import MISMATCH, belongs, sending
from services.referral.domain.commands import RefuseRequest
from shared.access.app import guarded
from shared.access.guard import Guard, caller_of_request
from shared.events.ids import caller_chosen
from shared.events.referral import ReferralRefused
from shared.events.refusal import NotFound, Rejected
from shared.runtime.body import strict_json
from shared.runtime.errors import Failure, TooLarge
from shared.runtime.http import Refused, read_body
from shared.runtime.submission import Outcome, Submission

log = structlog.get_logger()
BASE = "/FHIR/R4"
WITHIN_S = 4.5
"""A receiver that has not answered after 5 s answers 408 (BaRS core, response times)."""
BY_STATUS = {
    401: "bars.unproved",
    403: "bars.not_allowed",
    404: "bars.not_found",
    405: "bars.method",
    408: "bars.timeout",
    413: "bars.too_large",
    415: "bars.media_type",
    429: "bars.too_often",
}
NOT_OFFERED = ("/Slot", "/Appointment", "/Appointment/{id}", "/DocumentReference", "/DocumentReference/{id}")
RETRY_AFTER = {"Retry-After": "2"}
LIKE_AN_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")
"""What is echoed: a malformed id may be, a word in its place may be a name."""


class Messages:
    """Takes messages; which requests are running right now is known to this process only."""

    def __init__(self, intake: Intake, cancelling: Cancelling, profile: Profile, *, conformance: bool) -> None:
        self._intake = intake
        self._cancelling = cancelling
        self._profile = profile
        self._conformance = conformance
        self._running: set[tuple[str, UUID]] = set()

    async def process(self, request: Request) -> Response:
        """`POST /$process-message`."""
        request_id, correlation_id = ids_of(request.headers)
        organisation = sending(caller_of_request(request), organisation_of(request.headers))
        sender = Sender(organisation, request_id, correlation_id)
        check_media(request.headers, self._profile.core_versions)
        running = (sender.organisation, request_id)
        if running in self._running:
            raise BarsRefused("bars.in_progress")
        self._running.add(running)
        try:
            async with asyncio.timeout(WITHIN_S):
                taken = await self._take(request, sender)
                return JSONResponse(taken, media_type=answer_type(request.headers, self._profile.core_versions))
        except TimeoutError:
            raise BarsRefused("bars.timeout") from None
        finally:
            self._running.discard(running)

    async def _take(self, request: Request, sender: Sender) -> dict[str, Any]:
        body = await read_body(request, json_types=JSON_TYPES)
        try:
            bundle = checked(_tree(body), self._profile, conformance=self._conformance)
            _check_sender(bundle, sender.organisation)
            outcome = await (self._cancelling.take if bundle.cancels else self._referred)(bundle, sender)
            if outcome.repeated:
                raise BarsRefused(_repeat(outcome, sender))
            case = UUID(outcome.stream.partition("/")[2])
            return bars_answers.accepted(bundle, case, profile=self._profile, now=self._intake.clock.now())
        except BarsRefused as refused:
            raise BarsRefused(await self._refuse(refused.code, sender)) from None

    async def _referred(self, bundle: Bundle, sender: Sender) -> Outcome:
        """A new referral; whose claims are taken already is a repeat, and the winner says of what."""
        origin = self._intake.origin(sender.organisation, bundle.id)
        mapped = bars_mapper.to_referral(bundle, origin, self._profile, conformance=self._conformance)
        asking = Asking(
            cause=sender.cause,
            claims=(sender.claim, f"bundle/{sender.organisation}/{caller_chosen(bundle.id)}"),
            digest=None,
            correlation=sender.correlation_id,
        )
        return await self._intake.take(mapped, asking)

    async def _refuse(self, code: str, sender: Sender) -> str:
        """Keep a refusal that must stay the same for ever; returns what this request is to be told."""
        if not deterministic(code):
            return code
        outcome = await self._intake.executor.submit(
            Submission(
                input=RefuseRequest(sender.organisation, str(sender.request_id), BarsRefused(code).fault.status, code),
                cause=sender.cause,
                scope=self._intake.scope(None),
                correlation=sender.correlation_id,
                claims=(sender.claim,),
            )
        )
        return _repeat(outcome, sender) if outcome.repeated else code

    async def metadata(self, _request: Request) -> Response:
        """`GET /metadata`; a sender may keep it for half a day."""
        body = bars_answers.capabilities(self._profile, now=self._intake.clock.now())
        version = media_type(self._profile.core_versions[-1])
        return JSONResponse(body, headers={"Cache-Control": "max-age=43200"}, media_type=version)


def _check_sender(bundle: Bundle, organisation: str) -> None:
    """The organisation that sends is the one that was proved, or a site of it; others inside a message are normal."""
    codes = ods_codes_of(bundle.follow(bundle.one("MessageHeader")["sender"], "Organization"))
    require(codes, "bars.sender")
    require(any(belongs(code, [organisation]) for code in codes), "bars.organisation_mismatch")


def _tree(body: bytes) -> Any:
    try:
        return strict_json(body)
    except Refused:
        raise BarsRefused("bars.unreadable") from None


def _repeat(outcome: Outcome, sender: Sender) -> str:
    """What a repeat is told: as before if it was refused, else that it was processed, under this id or another."""
    for recorded in outcome.recorded:
        if isinstance(recorded.event, ReferralRefused):
            return recorded.event.code
    claims = {claim for recorded in outcome.recorded for claim in recorded.claims}
    return "bars.duplicate" if sender.claim in claims else "bars.bundle_id_used"


def door(messages: Messages, reads: Reads, guard: Guard) -> Starlette:
    """An application of its own, so that everything said under its path is said in FHIR."""
    reading = {
        "/metadata": ("referral.capabilities", messages.metadata),
        "/MessageDefinition": ("referral.capabilities", reads.definitions),
        "/ServiceRequest": ("referral.read", reads.search),
        "/ServiceRequest/{id}": ("referral.read", reads.one),
        **dict.fromkeys(NOT_OFFERED, ("referral.capabilities", not_offered)),
    }
    taking = guarded("referral.send", messages.process)
    inner = Starlette(
        routes=[
            Route("/$process-message", _echoing(taking), methods=["POST"]),
            *(Route(path, _echoing(guarded(*how)), methods=["GET"]) for path, how in reading.items()),
        ],
        exception_handlers={HTTPException: _not_here, Exception: _not_here},
    )
    inner.state.guard = guard
    return inner


def _echoing(handle: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Answers faults in FHIR, and echoes the request id on every answer, refusals included."""

    @wraps(handle)
    async def endpoint(request: Request) -> Response:
        try:
            answer: Response = await handle(request)
        except Exception as fault:  # noqa: BLE001 - every fault has its answer in the standard
            answer = _refusal(fault)
        return _echo(request, answer)

    return endpoint


async def _not_here(request: Request, fault: Exception) -> Response:
    return _echo(request, _refusal(fault))


def _echo(request: Request, answer: Response) -> Response:
    said = request.headers.get("x-request-id", "")
    if LIKE_AN_ID.fullmatch(said):
        answer.headers["X-Request-Id"] = said
    return answer


def _refusal(fault: Exception) -> Response:
    code = _code_of(fault)
    refused = BarsRefused(code)
    if refused.fault.status == 500:
        log.error("command.handled", error_code=type(fault).__name__, outcome="fault", exc_info=fault)
    headers = getattr(fault, "headers", None) or (RETRY_AFTER if refused.fault.status in (408, 425, 503) else None)
    answer = JSONResponse(operation_outcome(code), refused.fault.status, headers)
    answer.headers["Content-Type"] = media_type("1.4.0")
    return answer


class Spoken:
    """ASGI middleware: what the skeleton says as a problem is said in FHIR under this door's path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith(BASE):
            await self._app(scope, receive, send)
            return
        translated = False

        async def speak(message: Message) -> None:
            nonlocal translated
            if message["type"] == "http.response.start" and _is_problem(message):
                translated = True
                fault = HTTPException(message["status"])
                headers = MutableHeaders(raw=[one for one in message["headers"] if one[0] not in _OF_THE_BODY])
                answer = _echo(Request(scope), _refusal(fault))
                for name, value in headers.items():
                    answer.headers.setdefault(name, value)
                await answer(scope, receive, send)
            elif not translated:
                await send(message)

        await self._app(scope, receive, speak)


_OF_THE_BODY = (b"content-type", b"content-length")


def _is_problem(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("application/problem+json")


def _code_of(fault: Exception) -> str:
    if isinstance(fault, BarsRefused):
        return fault.code
    if isinstance(fault, Refused) and fault.code == MISMATCH:
        return "bars.organisation_mismatch"
    if isinstance(fault, Refused):
        return BY_STATUS.get(fault.status, "bars.unreadable")
    if isinstance(fault, HTTPException):
        return BY_STATUS.get(fault.status_code, "bars.fault" if fault.status_code >= 500 else "bars.not_found")
    return next((code for kind, code in BY_KIND if isinstance(fault, kind)), "bars.fault")


BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (NotFound, "bars.not_found"),
    (TooLarge, "bars.too_large"),
    (Rejected, "bars.invalid"),
    (Failure, "bars.busy"),
)
