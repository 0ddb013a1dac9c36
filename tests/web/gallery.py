"""Every component in every state on made-up pages, for looking at and for testing: an application of the tests only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.access.app import check_routes, guarded_app, guarded_router
from shared.access.viewer import STAY, Viewer
from shared.events.refusal import Rejected
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.testing.access import memory_guard
from shared.testing.clock import HandClock
from shared.web.app import dress
from shared.web.forms import Fault, Faults, faults_of, form_of
from shared.web.headers import PageSettings
from shared.web.pages import Pages, redirect

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CSRF = "made-up-token-0001"
SIGNED_IN = {"Gallery-Roles": "safeguarding-lead volunteer"}
"""The header that makes the gallery's reader a signed-in lead."""
WORDS = {"about": "Say what happened", "in_danger": "Say whether anyone is in danger now"}


class Worry(BaseModel):
    """The gallery's one form."""

    in_danger: Literal["yes", "no", "not_sure"]
    about: str = Field(min_length=1, max_length=200)


class SignedIn:
    """Stands in for sign-in: whoever names roles holds them, for `idle` seconds."""

    def __init__(self, app: ASGIApp, clock: HandClock, idle: int) -> None:
        self._app, self._clock, self._idle = app, clock, timedelta(seconds=idle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope)
        if scope["type"] == "http" and (roles := tuple(request.headers.get("gallery-roles", "").split())):
            idle_ends = self._clock.now() + self._idle
            ends = idle_ends if "gallery-last" in request.headers else self._clock.now() + timedelta(hours=10)
            viewer = Viewer(roles[0], roles, "nct", ("newham",), CSRF, idle_ends, ends)
            scope.setdefault("state", {})["viewer"] = viewer
        await self._app(scope, receive, send)


def gallery(settings: PageSettings | None = None, *, idle: int = 900) -> FastAPI:
    """The application; `idle` are the seconds until a signed-in reader is signed out."""
    clock = HandClock(NOW)

    async def ready() -> bool:
        return True

    app = guarded_app("gallery", memory_guard("outcomes", clock), parts=[], ready=ready)
    app.add_middleware(SignedIn, clock=clock, idle=idle)
    dress(app, settings or PageSettings(clock=clock))
    pages = Pages(Path(__file__).parent / "pages", name="Beside gallery", title_end="Beside gallery")
    app.include_router(pages.routes())
    router = guarded_router(include_in_schema=False)
    for add in (_form, _shown, _refusing):
        add(router, pages)
    app.state.board = Board()
    _live(router, pages, app.state.board)
    app.include_router(router)
    check_routes(app)
    return app


def _form(router, pages: Pages) -> None:
    @router.get("/components")
    @performs("docs.read")
    async def components(request: Request) -> Response:
        return pages.page(request, "components.html", now=NOW, faults=Faults(), sent={})

    @router.post("/components")
    @performs("docs.read")
    async def sent(request: Request) -> Response:
        form = await form_of(request)
        values = {name: form.one(name) for name in ("in_danger", "about") if form.one(name)}
        try:
            Worry.model_validate(values)
        except ValidationError as invalid:
            faults = faults_of(invalid, WORDS)
            return pages.page(request, "components.html", status=422, now=NOW, faults=faults, sent=values)
        return redirect(request, "/components")


def _shown(router, pages: Pages) -> None:
    @router.post("/public/{lang}")
    @performs("docs.read")
    async def send(lang: str, request: Request) -> Response:
        await form_of(request)
        faults = Faults((Fault("in_danger", WORDS["in_danger"]),))
        return pages.page(request, "worry.html", status=422, read_next=None, faults=faults)

    @router.get("/public/{lang}")
    @performs("docs.read")
    async def public(lang: str, request: Request) -> Response:
        read_next = NOW + timedelta(hours=19) if lang != "nobody" else None
        if lang == "ur":
            return pages.page(request, "worry.html", lang="ur", dir="rtl", read_next=read_next)
        return pages.page(request, "worry.html", read_next=read_next)

    @router.get("/named/{name}")
    @performs("docs.read")
    async def named(name: str, request: Request) -> Response:
        return pages.page(request, "named.html", given=name, connect=("https://safeguarding.example.org/x",))


def _refusing(router, pages: Pages) -> None:
    @router.get("/refused/{status}")
    @performs("docs.read")
    async def refused(status: int) -> Response:
        if status == 500:
            raise RuntimeError("Made-up Mary")
        if status == 409:
            raise Rejected("gallery.changed", "Made-up Mary")
        headers = {"Retry-After": "7"} if status == 429 else {}
        extra = {"receipt": "5ca1ab1e-0000-4000-8000-000000000001"} if status == 422 else {}
        raise Refused(status, "gallery.refused", "Made-up Mary", headers=headers, extra=extra)

    @router.post(STAY)
    @performs("docs.read")
    async def stay(request: Request) -> Response:
        assert (await form_of(request)).one("csrf") == CSRF
        if request.headers["accept"] == "application/json":
            return JSONResponse({"seconds": 900})
        return redirect(request, "/components")


class Board:
    """A list that grows while people look at it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.changed = asyncio.Event()
        self.lost = False


def _live(router, pages: Pages, board: Board) -> None:
    @router.get("/live")
    @performs("docs.read")
    async def live(request: Request) -> Response:
        return pages.page(request, "live.html", lines=board.lines)

    @router.get("/live/stream")
    @performs("docs.read")
    async def stream() -> Response:
        if board.lost:
            raise Refused(503, "gallery.lost", "")

        async def events() -> AsyncIterator[bytes]:
            yield b"event: changed\ndata: 1\n\n"
            while not board.lost:
                await board.changed.wait()
                board.changed.clear()
                yield b"event: changed\ndata: 1\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")
