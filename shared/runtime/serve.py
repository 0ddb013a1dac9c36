"""Runs a service's application on uvicorn: no access log (paths hold ids), and a drain of at most ten seconds."""

import uvicorn
from fastapi import FastAPI

DRAIN_S = 10


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=DRAIN_S,
        proxy_headers=False,
    )
