"""A small application as its own process, for the tests of starting, draining and stopping."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from fastapi import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from shared.runtime import log
from shared.runtime.http import build_app
from shared.runtime.serve import serve


class Part:
    """Says when it is stopped."""

    name = "part"

    async def run(self) -> None:
        """Wait until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            print("part stopped", flush=True)  # noqa: T201 - the test reads it


class Loses:
    """Ends everything once somebody asks."""

    name = "loses"

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def run(self) -> None:
        """Wait until asked."""
        await self.asked.wait()
        raise SystemExit("a batch was lost")


async def _never_closes() -> None:
    """As a driver's client whose lock nobody releases, and that takes a cancellation for something else."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def _ready() -> bool:
    return True


def main(port: int, *, stuck: bool) -> None:
    """Serve until asked to stop; `stuck` closes never."""
    log.configure("serving")
    loses = Loses()
    app = build_app("serving", parts=[Part(), loses], ready=_ready, stop=[_never_closes] if stuck else ())

    begun = asyncio.Event()

    @app.get("/begun")
    async def has_begun() -> bool:
        return begun.is_set()

    @app.get("/slow")
    async def slow() -> Response:
        begun.set()
        await asyncio.sleep(1.0)
        return PlainTextResponse("done")

    @app.get("/stream")
    async def stream(request: Request) -> StreamingResponse:
        stopping: asyncio.Event = request.app.state.stopping

        async def events() -> AsyncIterator[str]:
            yield "data: begun\n\n"
            await stopping.wait()
            yield "data: stopping\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/lose")
    async def lose() -> bool:
        loses.asked.set()
        return True

    @app.get("/client")
    async def client(request: Request) -> Any:
        return {"host": request.client.host if request.client else None}

    serve(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]), stuck="stuck" in sys.argv)
