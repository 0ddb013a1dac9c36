"""Opens bodies that were sent as gzip before anything looks at them, a little at a time, so that a bomb stays small."""

import zlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GZIP: Final = frozenset({"gzip", "x-gzip"})
GZIP_ONLY: Final = 16 + zlib.MAX_WBITS
PIECE = 65_536
"""Bytes that are opened before whoever reads may say that it is too much."""


class Inflated:
    """ASGI middleware: behind it a gzip body reads like any other, without its length and coding.

    What turns out not to be gzip is handed on so that it cannot be read, and is refused like any such body.
    Other codings stay named in the header; `body.require_media` refuses them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or Headers(scope=scope).get("content-encoding", "").strip().lower() not in GZIP:
            await self._app(scope, receive, send)
            return
        headers = MutableHeaders(raw=list(scope["headers"]))
        for name in ("content-encoding", "content-length"):
            del headers[name]
        headers["transfer-encoding"] = "chunked"  # how long it is opened, nobody knows beforehand
        await self._app({**scope, "headers": headers.raw}, _Opening(receive), send)


class _Opening:
    """ASGI receive that opens what it receives."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._opener = zlib.decompressobj(GZIP_ONLY)
        self._closed = b""
        self._more = True
        self._pending = False
        self._broken = False

    async def __call__(self) -> Message:
        """The next piece, at most `PIECE` bytes of it where it is gzip."""
        if not self._pending:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._closed, self._more = message.get("body", b""), message.get("more_body", False)
        piece = self._closed if self._broken else self._opened()
        return {"type": "http.request", "body": piece, "more_body": self._more or self._pending}

    def _opened(self) -> bytes:
        try:
            piece = self._opener.decompress(self._closed, PIECE)
        except zlib.error:
            return self._unreadable(self._closed)
        self._closed = self._opener.unconsumed_tail
        self._pending = len(piece) == PIECE and not self._opener.eof
        if self._opener.eof and self._opener.unused_data:
            return piece + self._unreadable(self._opener.unused_data)
        cut_off = not (self._opener.eof or self._pending or self._more)
        return piece + self._unreadable(b"") if cut_off else piece

    def _unreadable(self, rest: bytes) -> bytes:
        """What is not gzip, as it came, behind a byte that no body of ours may hold."""
        self._broken, self._pending = True, False
        return b"\0" + rest
