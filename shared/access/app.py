"""Builds a service's application so that no route can be reached around the guard; one that could stops the start."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from shared.access.guard import Guard, caller_of_request, placed
from shared.runtime.http import build_app
from shared.runtime.operation import operation_of, performs

Endpoint = Callable[[Request], Awaitable[Response]]


class Unguarded(RuntimeError):
    """A route that says no operation, says one the table does not have, or is not asked for at the guard."""


class GuardedRoute(APIRoute):
    """A route whose handler runs only after the guard let the request in."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler behind the guard."""
        inner = super().get_route_handler()
        operation = operation_of(self.endpoint)

        async def handler(request: Request) -> Response:
            if operation is None:
                raise Unguarded(self.path)
            return await guard_of(request).answered(request, operation, inner)

        return handler


def guarded_router(**options: Any) -> APIRouter:
    """A router all of whose routes are guarded."""
    return APIRouter(route_class=GuardedRoute, **options)


def guarded(operation: str, endpoint: Endpoint) -> Endpoint:
    """A bare Starlette endpoint behind the guard."""

    @performs(operation)
    async def behind(request: Request) -> Response:
        return await guard_of(request).answered(request, operation, endpoint)

    behind.__guarded__ = True  # type: ignore[attr-defined]
    return behind


def guard_of(request: Request) -> Guard:
    """The service's guard."""
    found: Guard = request.app.state.guard
    return found


def may(request: Request, operation: str, document: dict[str, Any]) -> bool:
    """Whether whoever asks may do `operation` to what a view's document is about, so that a page offers only that.

    Not where she sees it beyond her own records only: what is widened is reading.
    """
    reach = guard_of(request).policy.reach(operation, caller_of_request(request))
    return reach is not None and reach.covers(placed(document))


def guarded_app(title: str, guard: Guard, **options: Any) -> FastAPI:
    """`build_app` with the guard in it; `check_routes` is to be called once every route hangs on it."""
    app = build_app(title, route_class=GuardedRoute, **options)
    app.state.guard = guard
    return app


def check_routes(app: FastAPI) -> None:
    """Raises `Unguarded` for a route that could be reached around the guard."""
    policy = app.state.guard.policy
    for path, route in _routes(app.routes):
        operation = operation_of(route.endpoint)
        behind = isinstance(route, GuardedRoute) or getattr(route.endpoint, "__guarded__", False)
        if not behind or operation is None or operation not in policy.operations:
            raise Unguarded(f"{path}: {operation or 'no operation'}")


def _routes(routes: Sequence[BaseRoute], above: str = "") -> Iterator[tuple[str, Route]]:
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, Mount):
            yield from _routes(route.routes, above + route.path)
        elif isinstance(route, Route):
            yield above + str(context.path), route
        else:
            raise Unguarded(f"{above}{route}: not a route we know")
