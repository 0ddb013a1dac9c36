"""Lets pages of the other services, and of nobody else, raise a worry here by script: one door, with a worry pass."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.access.worry_pass import HEADER

DOOR = "/api/concerns"


class OtherOrigins:
    """Middleware. `services` are the addresses at which browsers reach the services; no cookie ever counts."""

    def __init__(self, app: ASGIApp, *, services: Iterable[str]) -> None:
        self._app = app
        origins = sorted({_origin(one) for one in services if one})
        headers = [HEADER, "Idempotency-Key", "Content-Type"]
        self._cors = CORSMiddleware(app, allow_origins=origins, allow_methods=["POST"], allow_headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say whose page may, at this door only."""
        at_door = scope["type"] == "http" and scope["path"] == DOOR
        await (self._cors if at_door else self._app)(scope, receive, send)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
