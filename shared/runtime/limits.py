"""Bounds what a caller may send before any route sees it: a body's size and the time it may take.

Bodies are small, so they are read whole first; whoever is then refused can still be looked at for a worry (S27).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.problems import Refused

log = structlog.get_logger()
LARGEST_BODY = 1_000_000
SLOWEST_BODY_S = 5.0
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LOOKED_AT: Final = frozenset({400, 404, 405, 406, 408, 413, 415, 422})
"""Refusals that may hide a worry (SAFETY S27); 401, 403, 409, 425 and 429 have ways of their own."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes of one body (413 above) and seconds until it must be complete (408 after)."""

    largest: int = LARGEST_BODY
    slowest: float = SLOWEST_BODY_S


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A write that is about to be refused: where it was sent, and what of its body has arrived. Never to be logged.

    `scope` is the request's own (ASGI), by which who sent it can be proved.
    """

    method: str
    path: str
    status: int
    body: bytes = field(repr=False)
    content_type: str
    correlation: UUID
    scope: Scope = field(repr=False, default_factory=dict)


OnRefusal = Callable[[TurnedAway], Awaitable[None]]


class Limits:
    """Reads each body whole within `limits`, then hands it on; `on_refusal` hears of a refused write first."""

    def __init__(self, app: ASGIApp, *, limits: BodyLimits, on_refusal: OnRefusal | None = None) -> None:
        self._app = app
        self._limits = limits
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._limits)
        answer = self._heard(scope, send, body) if self._on_refusal and scope["method"] in WRITES else send
        try:
            await body.read(_length(scope))
        except Refused as refused:
            await refused.answer()(scope, receive, answer)
            return
        await self._app(scope, body.replay, answer)

    def _heard(self, scope: Scope, send: Send, body: "_Body") -> Send:
        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in LOOKED_AT:
                await self._tell(scope, message["status"], body.bytes)
            await send(message)

        return heard

    async def _tell(self, scope: Scope, status: int, body: bytes) -> None:
        assert self._on_refusal is not None
        headers = dict(scope["headers"])
        media = headers.get(b"content-type", b"").decode("latin-1")
        correlation = scope["state"]["correlation"]
        try:
            await self._on_refusal(TurnedAway(scope["method"], scope["path"], status, body, media, correlation, scope))
        except Exception:  # the caller's answer must not wait on our own fault; the line is an alarm
            log.exception("refusal.not_heard", status=status)


class _Body:
    """One request's body: read whole, then given again as one message."""

    def __init__(self, receive: Receive, limits: BodyLimits) -> None:
        self._receive = receive
        self._limits = limits
        self._chunks: list[bytes] = []
        self._given = False

    @property
    def bytes(self) -> bytes:
        """What has arrived."""
        return b"".join(self._chunks)

    async def read(self, length: int | None) -> None:
        """Read to the end. Raises `Refused`: 413 over the limit, 408 when it takes too long, 400 when it breaks off."""
        if length == 0:
            return
        if length is not None and length > self._limits.largest:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._limits.slowest):
                await self._read_all()
        except TimeoutError:
            detail = f"The body did not arrive within {self._limits.slowest:g} seconds."
            raise Refused(408, "body.too_slow", detail, headers={"Connection": "close"}) from None

    async def _read_all(self) -> None:
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "body.broken_off", "The body ended too early.")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._limits.largest:
                raise self._too_large()
            self._chunks.append(chunk)
            more = message.get("more_body", False)

    def _too_large(self) -> Refused:
        return Refused(413, "body.too_large", f"A body may have at most {self._limits.largest} bytes.")

    async def replay(self) -> Message:
        """The whole body once, then whatever the server says next (a disconnect)."""
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self.bytes, "more_body": False}


def _length(scope: Scope) -> int | None:
    """The announced length; 0 where neither a length nor chunks are announced, None for chunks."""
    length: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = value
    if length is None:
        return 0
    return int(length) if length.isdigit() else None
