"""A small application as its own process, for the tests of starting, draining and stopping."""

import asyncio
import sys
from collections.abc import AsyncIterator
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


async def _ready() -> bool:
    return True


def main(port: int) -> None:
    """Serve until asked to stop."""
    log.configure("serving")
    app = build_app("serving", parts=[Part()], ready=_ready)

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

    @app.get("/client")
    async def client(request: Request) -> Any:
        return {"host": request.client.host if request.client else None}

    serve(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
