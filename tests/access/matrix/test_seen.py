"""Every page that any role comes to, in a real browser on a phone and a desk: no fault, and a picture of each."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser

from shared.access.roles import ROLES
from shared.web.navigation import navigation
from tests.access.matrix.apps import Running
from tests.access.matrix.crawl import Visited, crawl, route_at
from tests.access.matrix.who import Who
from tests.web.harness import DESK, PHONE, chromium, examine

pytestmark = [pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(900)]
LOOKS = [(PHONE, False), (PHONE, True), (DESK, True)]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
async def bases(services: Running) -> AsyncIterator[dict[str, str]]:
    """Where a browser finds each service; their parts run already."""
    configs = [
        uvicorn.Config(app, port=0, log_config=None, ws="none", lifespan="off") for app in services.apps.values()
    ]
    servers = [uvicorn.Server(config) for config in configs]
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    async with asyncio.timeout(10):
        while not all(server.started for server in servers):
            await asyncio.sleep(0.01)
    ports = [server.servers[0].sockets[0].getsockname()[1] for server in servers]
    yield {name: f"http://127.0.0.1:{port}" for name, port in zip(services.apps, ports, strict=True)}
    for server in servers:
        server.force_exit = server.should_exit = True
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("role", [role for role in ROLES if navigation().roles[role]])
async def test_every_page_of_a_role_has_no_fault(
    services: Running, bases: dict[str, str], browser: Browser, role: str
) -> None:
    pages: dict[tuple[str, str], Visited] = {}
    for one in await crawl(services.clients, Who(role)):
        route = route_at(services.apps[one.service], one.path)
        assert route is not None, one
        pages.setdefault((one.service, route.path), one)

    faults: list[str] = []
    for (service, path), one in pages.items():
        name = f"{role}-{service}{path.replace('/', '-').replace('{', '').replace('}', '')}"
        headers = Who(role).headers(service)
        faults += await examine(browser, bases[service] + one.path, name, looks=LOOKS, headers=headers)
    assert faults == []
