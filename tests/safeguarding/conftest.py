"""Safeguarding on a real MongoDB, with pages caught in a list instead of sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.safeguarding.adapters.channels import Page
from services.safeguarding.app import Service, application
from services.safeguarding.domain.rota import Person
from services.safeguarding.settings import Settings
from shared.runtime.consumer import Consumer
from shared.runtime.relay import Relay
from shared.testing.issuer import access_settings, bearer

LEAD = "safeguarding-lead/lead-newham"


class Caught:
    """A channel that keeps what it was given; `failing` makes that many sends fail first."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, Page]] = []
        self.failing = 0

    async def send(self, page: Page, person: Person, *, now: datetime) -> None:
        """Keep the page, or fail as a dead server does."""
        if self.failing:
            self.failing -= 1
            raise ConnectionRefusedError
        self.pages.append((person.id, page))


class World:
    """One running service without Kafka, its client, and its two channels."""

    def __init__(self, service: Service, mail: Caught, webhook: Caught, http: httpx.AsyncClient) -> None:
        self.service, self.mail, self.webhook, self.http = service, mail, webhook, http


@asynccontextmanager
async def started(url: str, database: str, key_file: Path, *, ladder: str = "") -> AsyncIterator[World]:
    """Run the service's parts except Kafka's, which are never needed (SAFETY: works with Kafka stopped)."""
    settings = Settings(
        mongo_url=url,
        database=database,
        kafka="127.0.0.1:1",
        key_file=key_file,
        ladder_file=ladder,
        **access_settings(key_file.parent, "safeguarding"),
    )
    service = Service(settings)
    mail, webhook = Caught(), Caught()
    service.notifier.use({"email": mail, "webhook": webhook})
    parts = [part for part in service.parts() if not isinstance(part, Relay | Consumer)]
    app = application(service, parts)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    called = httpx.AsyncClient(transport=transport, base_url="http://t", headers=bearer(LEAD))
    async with app.router.lifespan_context(app), called as http:
        yield World(service, mail, webhook, http)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A master key for one test."""
    file = tmp_path / "master.key"
    file.write_bytes(b"k" * 32)
    return file


@pytest.fixture
async def world(mongo: str, database: Any, key_file: Path) -> AsyncIterator[World]:
    """A running safeguarding on a fresh database."""
    async with started(mongo, database.name, key_file) as running:
        yield running
    for kept in ("keys", "audit", "cards"):
        await database.client.drop_database(f"{database.name}_{kept}")
