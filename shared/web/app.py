"""Dresses an application that has pages: their headers on every page, and refusals as pages for whoever reads pages."""

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.access.refusals import ASKS_FOR_MORE, PROVE_AGAIN
from shared.web.headers import PageSettings, page_headers
from shared.web.pages import HERE, Pages
from shared.web.wording import wording

PROBLEM: Final = "application/problem+json"
ABOUT_THE_BODY: Final = frozenset({"content-type", "content-length", "content-encoding"})


def dress(app: FastAPI, settings: PageSettings) -> None:
    """Give every page of `app` its headers and turn problems into pages for browsers; once, after `build_app`."""
    app.state.page_settings = settings
    app.add_middleware(Dressed, settings=settings, pages=Pages(HERE / "templates", title_end=""))


class Dressed:
    """The outermost layer, so that it sees what every other layer answers."""

    def __init__(self, app: ASGIApp, *, settings: PageSettings, pages: Pages) -> None:
        self._app, self._settings, self._pages = app, settings, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        replaced = False

        async def answer(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                if (to := self._first_sign_in(request, message)) is not None:
                    replaced = True
                    await to(scope, receive, send)
                    return
                if _is_problem(message) and prefers_page(request.headers.get("accept", "")):
                    replaced = True
                    await self._refuse(request, message, send)
                    return
                self._dress(message)
            if not replaced:
                await send(message)

        await self._app(scope, receive, answer)

    def _first_sign_in(self, request: Request, message: Message) -> Response | None:
        """The way to sign in, for a browser that asks for a page which needs it; it comes back to that page."""
        settings, path = self._settings, request.url.path
        if message["status"] != 401 or request.method != "GET" or not prefers_page(request.headers.get("accept", "")):
            return None
        if settings.unlock and settings.unlock[0] in request.cookies and _code(request) != ASKS_FOR_MORE:
            return RedirectResponse(settings.root + settings.unlock[1], 303, page_headers(settings))
        if not settings.sign_in or path.startswith(settings.sign_in):
            return None
        to = f"{path}?{request.url.query}" if request.url.query else path
        asked = {"to": to} | ({"again": "1"} if _code(request) == PROVE_AGAIN else {})
        where = f"{settings.root}{settings.sign_in}?{urlencode(asked)}"
        return RedirectResponse(where, 303, page_headers(settings))

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        if headers.get("content-type", "").startswith("text/html") or 300 <= message["status"] < 400:
            for name, value in page_headers(self._settings).items():
                headers.setdefault(name, value)

    async def _refuse(self, request: Request, message: Message, send: Send) -> None:
        kept = Headers(scope=message)
        status, wait = message["status"], kept.get("retry-after", "")
        reference: UUID | None = getattr(request.state, "correlation", None)
        page = self._pages.page(
            request,
            "refusal.html",
            status=status,
            refusal=wording().refusal(status),
            wait=int(wait) if wait.isdigit() else 0,
            reference=str(reference)[:8] if reference and status >= 500 else "",
            receipt=getattr(request.state, "receipt", None),
        )
        for name, value in kept.items():
            if name not in ABOUT_THE_BODY:
                page.headers.setdefault(name, value)
        page.headers["Vary"] = "Accept"
        await page(request.scope, request.receive, send)


def _code(request: Request) -> str:
    return str(getattr(request.state, "error_code", ""))


def _is_problem(message: Message) -> bool:
    return Headers(scope=message).get("content-type", "").startswith(PROBLEM)


def prefers_page(accept: str) -> bool:
    """Whether an Accept header names pages and likes no JSON better; a browser's does, `*/*` does not."""
    liked = dict(map(_weighed, accept.split(",")))
    page = max(liked.get("text/html", 0.0), liked.get("application/xhtml+xml", 0.0))
    return page > 0 and page >= max(liked.get("application/json", 0.0), liked.get(PROBLEM, 0.0))


def _weighed(one: str) -> tuple[str, float]:
    media, *parameters = one.replace(" ", "").lower().split(";")
    weight = next((found[2:] for found in parameters if found.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 0.0
