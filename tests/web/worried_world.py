"""Support's page with the worried button, and a safeguarding that may be asked from it: two origins, as they are."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.safeguarding.adapters.other_origins import OtherOrigins
from services.support.adapters.all_pages import TEMPLATES
from services.support.adapters.doors import Doors
from services.support.adapters.worry_pages import Button, worry_page_routes
from shared.access.app import guarded_app
from shared.access.guard import Guard
from shared.access.wiring import policy
from shared.runtime.clock import SystemClock, new_id
from shared.runtime.errors import Unavailable
from shared.testing.access import MemoryAudit, signer
from shared.web.app import dress
from shared.web.headers import PageSettings
from shared.web.pages import Pages
from tests.web.worlds import ready, signed_in


@dataclass
class Worries:
    """Keeps a worry, or is away."""

    away: bool = False
    kept: list[dict[str, Any]] = field(default_factory=list)

    async def keep(self, sent: dict[str, Any], case: UUID | None, _request: Request, _body: bytes) -> str:
        """The receipt."""
        if self.away:
            raise Unavailable
        self.kept.append({**sent, "case": case})
        return str(new_id())


def support(worries: Worries) -> tuple[FastAPI, Button]:
    """The page; `pointed_at` tells it where safeguarding is once that is known."""
    doors = cast(Doors, SimpleNamespace(worries=worries, clock=SystemClock()))
    button = Button(signer("support", SystemClock()), "", doors)
    app = guarded_app("Support", Guard(policy(), [signed_in], MemoryAudit(), SystemClock()), parts=[], ready=ready)
    pages = Pages(TEMPLATES)
    app.include_router(pages.routes())
    app.include_router(worry_page_routes(doors, pages, button))
    dress(app, PageSettings())
    return app, button


def pointed_at(app: FastAPI, button: Button, safeguarding: str) -> None:
    """As settings would have said at the start."""
    object.__setattr__(button, "safeguarding", safeguarding)
    app.state.page_settings = PageSettings(connect=(safeguarding,))


def safeguarding(asked: list[tuple[dict[str, Any], str]], pages_at: str) -> FastAPI:
    """Takes what comes with a pass from pages at `pages_at`, and remembers it."""
    app = FastAPI()

    async def take(request: Request) -> Response:
        asked.append((await request.json(), request.headers.get("Beside-Worry-Pass", "")))
        return JSONResponse({"receipt": str(new_id())}, 201)

    app.add_route("/api/concerns", take, methods=["POST"])
    app.add_middleware(OtherOrigins, services=[pages_at])
    app.state.stopping = SimpleNamespace(set=lambda: None)
    return app
