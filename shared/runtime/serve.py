"""Runs a service's application on uvicorn: no access log (paths hold ids), and a drain of at most ten seconds."""

import gc
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

DRAIN_S = 7
"""For requests in flight; then parts have `supervise.STOP_WITHIN_S`, together below 10 s (docs/design.md, Running)."""


class _Server(uvicorn.Server):
    """Tells endless answers to end as soon as the process is asked to stop, and settles the collector once started."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle_collector()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
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
