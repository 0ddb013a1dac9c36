"""The HTTP skeleton every service hangs its routes on: problems, limits, health, metrics, supervised parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from shared.events.refusal import Rejected
from shared.runtime import metrics
from shared.runtime.body import claim_for, idempotency_key, parse, read_body, require_media, strict_json
from shared.runtime.errors import Failure, Unavailable
from shared.runtime.limits import BodyLimits, Limits, OnRefusal, TurnedAway
from shared.runtime.observe import CORRELATION, Observed, correlation_of
from shared.runtime.operation import performs
from shared.runtime.part import Part
from shared.runtime.problems import Refused, faults, problem, problem_of, title_of
from shared.runtime.supervise import running

__all__ = [
    "CORRELATION",
    "BodyLimits",
    "Refused",
    "TurnedAway",
    "build_app",
    "claim_for",
    "correlation_of",
    "idempotency_key",
    "parse",
    "problem",
    "read_body",
]

Ready = Callable[[], Awaitable[bool]]
Start = Callable[[], Awaitable[None]]
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def build_app(  # noqa: PLR0913 - each is a separate decision of a composition root
    title: str,
    *,
    parts: Sequence[Part],
    ready: Ready,
    start: Sequence[Start] = (),
    stop: Sequence[Start] = (),
    limits: BodyLimits | None = None,
    on_refusal: OnRefusal | None = None,
    route_class: type[APIRoute] = APIRoute,
) -> FastAPI:
    """A FastAPI application whose lifespan runs `start`, keeps `parts` running, and at the end runs `stop`.

    `ready` says whether a majority write is confirmed now (`health.MajorityWrite`); Kafka has no say in it.
    `on_refusal` hears of every write that is refused, with its body, before the refusal is sent (SAFETY S27).
    Endless answers (server-sent events) end when `app.state.stopping` is set, or stopping takes its full time.
    `route_class`: of the routes made here and hung on the application itself.
    """

    app = FastAPI(
        title=title,
        version="1",
        lifespan=_lifespan(parts, start, stop),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_strict_body)],
    )
    app.router.route_class = route_class
    app.state.stopping = asyncio.Event()
    app.add_middleware(Limits, limits=limits or BodyLimits(), on_refusal=on_refusal)
    app.add_middleware(Observed)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    for kind in (Refused, Rejected, Failure):
        app.add_exception_handler(kind, _known_problem)
    _add_health(app, ready)
    return app


def _lifespan(
    parts: Sequence[Part], start: Sequence[Start], stop: Sequence[Start]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for last in stop:
                stack.push_async_callback(last)
            for one in start:
                await one()
            await stack.enter_async_context(running(parts))
            yield
            app.state.stopping.set()

    return lifespan


async def _strict_body(request: Request) -> None:
    """Hold a route that takes a model to the same strictness as `parse`: content type, one reading, depth."""
    field = getattr(request.scope.get("route"), "body_field", None)
    if field is None or isinstance(field.field_info, params.Form):
        return
    require_media(request)
    strict_json(await request.body())


async def _known_problem(request: Request, error: Exception) -> Response:
    request.state.error_code = getattr(error, "code", None) or type(error).__name__
    request.state.receipt = error.extra.get("receipt") if isinstance(error, Refused) else None
    return problem_of(error)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return problem(status, f"http.{status}", title_of(status), _WORDS.get(status, ""), headers=headers)


_WORDS = {
    400: "This cannot be read.",
    404: "There is no such thing here.",
    405: "This is not done here; the header Allow says what is.",
}


def _allowed(request: Request) -> list[str]:
    """Every method that some route takes at this path; the router itself names only the first route's."""
    found = []
    for method in ALL_METHODS:
        scope = dict(request.scope) | {"method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.append(method)
    return found


async def _validation_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{**one, "loc": one["loc"][1:]} for one in error.errors()]  # the first says body, query, path or header
    if any(one["type"] == "json_invalid" for one in found):
        return Refused(400, "body.unreadable", "This is not JSON that every reader reads alike.").answer()
    return problem(422, "body.invalid", title_of(422), "Some fields cannot be taken.", faults(found))


def _add_health(app: FastAPI, ready: Ready) -> None:
    @app.get("/health/live", include_in_schema=False)
    @performs("health.read")
    async def live() -> Any:
        """This process answers."""
        return JSONResponse({"status": "alive"})

    @app.get("/health/ready", include_in_schema=False)
    @performs("health.read")
    async def is_ready() -> Any:
        """What is sent here now will be durable."""
        return JSONResponse({"status": "ready"}) if await ready() else problem_of(Unavailable())

    @app.get("/metrics", include_in_schema=False)
    @performs("health.read")
    async def figures() -> Response:
        """The figures of this process."""
        return metrics.page()

    @app.get("/openapi.json", include_in_schema=False)
    @performs("docs.read")
    async def described() -> Response:
        """What can be asked here, as OpenAPI."""
        return JSONResponse(app.openapi())
