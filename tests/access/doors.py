"""Two services as they run, on the addresses that a real Keycloak sends browsers back to: outcomes and safeguarding."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import uvicorn
from fastapi import FastAPI

from deploy.local.services import arguments_of, make_keys
from deploy.local.testing import LocalKeycloak

KEY = "2026-11"


def built(name: str, keycloak: LocalKeycloak, mongo: str, database: str) -> FastAPI:
    """A service that believes this Keycloak; Kafka is away."""
    make_keys(name, keycloak.folder / "keys", KEY)
    given = arguments_of(name, keycloak.where, keycloak.folder)
    given |= {"mongo_url": mongo, "database": database, "kafka": "127.0.0.1:1"}
    settings = import_module(f"services.{name}.settings").Settings(**given)
    app: FastAPI = import_module(f"services.{name}.app").build(settings)
    return app


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[str]:
    """Run it on this port until the block ends; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        if running.done():
            running.result()
            raise AssertionError("the service ended before it began")
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
