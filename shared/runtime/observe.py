"""Sees every request from outside: its correlation id, its one log line, its figures, and what nobody caught."""

import time
from uuid import UUID

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.clock import new_id
from shared.runtime.metrics import METHODS, REQUESTS
from shared.runtime.problems import problem_of

log = structlog.get_logger()
CORRELATION = "X-Correlation-Id"
UNMATCHED = "unmatched"
QUIET = ("/health/", "/metrics")
"""Asked every few seconds by machines: counted, but logged only when they fail."""


class Observed:
    """The outermost layer: gives a correlation id, echoes it on every answer, and answers what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = _correlation(scope)
        scope.setdefault("state", {})["correlation"] = correlation
        answer = _Answer(send, correlation)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(correlation_id=str(correlation)):
            try:
                await self._answered(scope, receive, answer)
            finally:
                _note(scope, answer.status, time.perf_counter() - started)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception as fault:
            log.exception("http.fault")
            scope["state"]["error_code"] = type(fault).__name__
            if answer.status is not None:
                raise  # the answer has begun: only breaking it off tells the caller that it is not whole
            await problem_of(fault)(scope, receive, answer.send)


class _Answer:
    """Passes an answer on with its correlation id, remembering its status."""

    def __init__(self, send: Send, correlation: UUID) -> None:
        self._send = send
        self._correlation = correlation
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """ASGI; answers are not kept by anybody unless a route says so: most name a case."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[CORRELATION] = str(self._correlation)
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("X-Content-Type-Options", "nosniff")
        await self._send(message)


def _correlation(scope: Scope) -> UUID:
    """The caller's correlation id where it is a UUID, else a new one: nothing else of the caller's is ever logged."""
    for name, value in scope["headers"]:
        if name == CORRELATION.lower().encode():
            try:
                return UUID(value.decode("ascii"))
            except ValueError:
                break
    return new_id()


def correlation_of(request: Request) -> UUID:
    """The request's correlation id."""
    found: UUID = request.state.correlation
    return found


def route_of(scope: Scope) -> str:
    """The template of the route that was reached, "/api/cases/{case}"; "unmatched" when there was none.

    Worked out from the path and its parameters, which every kind of route (bare, included, mounted) leaves behind.
    """
    if "endpoint" not in scope:
        return UNMATCHED
    names = {str(value): name for name, value in scope.get("path_params", {}).items()}
    parts = [f"{{{names.pop(part)}}}" if part in names else part for part in scope["path"].split("/")]
    return UNMATCHED if names else "/".join(parts)


def _note(scope: Scope, status: int | None, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route, code = route_of(scope), status or 500
    REQUESTS.labels(method, route, str(code)).observe(seconds)
    if route.startswith(QUIET) and code < 500:
        return
    outcome = "handled" if code < 400 else "rejected" if code < 500 else "fault"
    error_code = scope["state"].get("error_code")
    fields = {"error_code": error_code} if error_code else {}
    log.info(
        "http.answered",
        method=method,
        path=route,
        status=code,
        outcome=outcome,
        duration_ms=round(seconds * 1000, 1),
        **fields,
    )
