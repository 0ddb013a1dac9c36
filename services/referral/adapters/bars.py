"""The FHIR door: every answer under its path is said in FHIR, faults too, and echoes the sender's two ids."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.referral.adapters.bars_faults import BarsRefused, media_type, operation_outcome
from services.referral.adapters.bars_messages import Messages
from services.referral.adapters.bars_reads import Reads, not_offered
from services.referral.adapters.senders import MISMATCH
from shared.access.app import guarded
from shared.access.guard import Guard
from shared.events.refusal import NotFound, Rejected
from shared.runtime.errors import Failure, TooLarge
from shared.runtime.http import Refused

log = structlog.get_logger()
BASE = "/FHIR/R4"
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


def door(messages: Messages, reads: Reads, guard: Guard) -> Starlette:
    """An application of its own, so that everything said under its path is said in FHIR."""
    reading = {
        "/metadata": ("referral.capabilities", reads.metadata),
        "/MessageDefinition": ("referral.capabilities", reads.definitions),
        "/CodeSystem": ("referral.capabilities", reads.code_systems),
        "/CodeSystem/{id}": ("referral.capabilities", reads.code_system),
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
    """Answers faults in FHIR, and echoes both ids on every answer, refusals included."""

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
    for name in ("X-Request-Id", "X-Correlation-Id"):
        said = request.headers.get(name, "")
        if LIKE_AN_ID.fullmatch(said):
            answer.headers[name] = said
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
