"""The five services in this process, each with a database of its own and the things in it; Kafka is away."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from services.outcomes import app as outcomes
from services.outcomes import settings as outcomes_settings
from services.referral import app as referral
from services.referral import settings as referral_settings
from services.safeguarding import app as safeguarding
from services.safeguarding import settings as safeguarding_settings
from services.support import app as support
from services.support import settings as support_settings
from services.triage import app as triage
from services.triage import settings as triage_settings
from shared.runtime.consumer import Consumer
from shared.runtime.relay import Relay
from shared.testing.issuer import SERVICES, access_settings
from tests.access.matrix import seeding
from tests.safeguarding.conftest import Caught

AWAY = "127.0.0.1:9"
OFTEN = 100_000.0
"""Requests a second: here one system asks everything."""


@dataclass(frozen=True)
class Running:
    """The services by name, and a client of each that shows nothing by itself."""

    apps: dict[str, FastAPI]
    clients: dict[str, httpx.AsyncClient]


@asynccontextmanager
async def running_services(mongo: str, name: str, folder: Path) -> AsyncIterator[Running]:
    """All five, with the things in them, until the block ends."""
    apps = {
        "referral": await _referral(_settings(referral_settings.Settings, "referral", mongo, name, folder)),
        "triage": await _triage(_settings(triage_settings.Settings, "triage", mongo, name, folder)),
        "support": await _support(_settings(support_settings.Settings, "support", mongo, name, folder)),
        "safeguarding": await _safeguarding(
            _settings(safeguarding_settings.Settings, "safeguarding", mongo, name, folder)
        ),
        "outcomes": await _outcomes(_settings(outcomes_settings.Settings, "outcomes", mongo, name, folder)),
    }
    async with AsyncExitStack() as open_:
        clients = {}
        for service, app in apps.items():
            await open_.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
            called = httpx.AsyncClient(transport=transport, base_url=f"http://{service}")
            clients[service] = await open_.enter_async_context(called)
        yield Running(apps, clients)


def _settings(made: Any, service: str, mongo: str, name: str, folder: Path) -> Any:
    own = folder / service
    own.mkdir()
    key = own / "master.key"
    key.write_bytes(bytes(range(32)))
    more: dict[str, Any] = {"referral_urls": "http://referral"} if service == "support" else {}
    return made(
        port=8101,
        mongo_url=mongo,
        database=f"{name}_{service}",
        kafka=AWAY,
        key_file=key,
        safeguarding_urls=f"http://{AWAY}",
        client_rate=OFTEN,
        client_burst=int(OFTEN),
        service_urls={one: f"http://{one}" for one in SERVICES},
        **more,
        **access_settings(own, service),
    )


async def _referral(settings: Any) -> FastAPI:
    await seeding.referrals(referral.made(settings))
    await seeding.messages(referral.made(settings))
    return referral.build(settings)


async def _triage(settings: Any) -> FastAPI:
    await seeding.triage_cases(triage.made(settings))
    return triage.build(settings)


async def _support(settings: Any) -> FastAPI:
    await seeding.support_cases(support.made(settings))
    return support.build(settings, client=httpx.AsyncClient(transport=httpx.MockTransport(_elsewhere)))


def _elsewhere(request: httpx.Request) -> httpx.Response:
    """Safeguarding holds every case, so that nobody who may match or end does; referral knows no names."""
    return httpx.Response(200, json={"people": {}} if request.url.host == "referral" else {"hold": True})


async def _safeguarding(settings: Any) -> FastAPI:
    await seeding.concerns(safeguarding.Service(settings))
    service = safeguarding.Service(settings)
    service.notifier.use({"email": Caught(), "webhook": Caught()})
    parts = [part for part in service.parts() if not isinstance(part, Relay | Consumer)]
    return safeguarding.application(service, parts)


async def _outcomes(settings: Any) -> FastAPI:
    service = outcomes.Service(settings)
    await seeding.journeys(service)
    return outcomes.application(service, [*service.access.parts])
