"""A browser for all tests of a run, and an application served on a free port for the length of a test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser
from structlog.testing import capture_logs

from tests.web.gallery import gallery
from tests.web.harness import chromium

STARTED_WITHIN_S = 10.0


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    async with chromium() as running:
        yield running


def served(app: FastAPI) -> AbstractAsyncContextManager[str]:
    """Serve `app` on a free port of this machine; gives its address."""
    return _served(app)


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(STARTED_WITHIN_S):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        app.state.stopping.set()
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
async def shown() -> AsyncIterator[str]:
    """The gallery's address."""
    async with served(gallery()) as base:
        yield base


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults that are meant write no pages of traceback."""
    with capture_logs():
        yield


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gallery that says it is a browser."""
    transport = httpx.ASGITransport(gallery())
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as client:
        yield client
