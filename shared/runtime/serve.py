"""Runs a service's application on uvicorn: no access log (paths hold ids), and a drain of at most ten seconds."""

import gc
import os
import socket
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

DRAIN_S = 7
"""For requests in flight; then parts have `supervise.STOP_WITHIN_S`, together below 10 s (docs/design.md, Running)."""
END_WITHIN_S = 11
"""Then the process ends, whatever still hangs: a driver's lock that nobody releases would keep it there, of no use.

What was acknowledged is durable, so nothing is lost. Shorter than the 12 s after which `deploy/local` kills."""


class _Server(uvicorn.Server):
    """Settles the collector once started; asked to stop, it tells endless answers to end and sees that it ends."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle_collector()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            last = threading.Timer(END_WITHIN_S, os._exit, (1,))
            last.daemon = True
            last.start()
        stopping = getattr(getattr(self.config.app, "state", None), "stopping", None)
        if stopping is not None:
            stopping.set()
        super().handle_exit(sig, frame)


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Client addresses come from the socket only: no forwarded header is believed."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    _Server(config).run()


def settle_collector() -> None:
    """Keep the collector's oldest generation from pausing requests; measured as the cause of 40 ms p99."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
