"""An intake in memory, with both doors open: the real executor, a store in memory, a vault that only remembers."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, cast
from uuid import UUID

import httpx
from fastapi import FastAPI

from deploy.simulate.bundles import TRUST
from services.referral.adapters.intake import Intake
from services.referral.app import deciders, doors, fhir_door, instruments, profile, programme_data, reading_of
from shared.access.app import guarded_app
from shared.events.event import Event
from shared.events.referral import ReferralReceived, ReferralWorryFlagged
from shared.instruments.model import Instrument
from shared.programmes.load import ProgrammeData
from shared.runtime.body import digest_of
from shared.runtime.clock import Clock
from shared.runtime.commit import recorded
from shared.runtime.executor import Executor
from shared.runtime.views import Views
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.issuer import bearer
from shared.testing.memory import MemoryStore
from shared.testing.running import running_in_memory
from tests.referral.cases import NOW


@dataclass
class OpenVault:
    """Remembers what it is given, in the clear; `before` records how many commits stood when each was sealed."""

    store: MemoryStore
    sealed: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    indexed: dict[UUID, dict[str, str]] = field(default_factory=dict)
    commits_before: list[int] = field(default_factory=list)
    causes: set[tuple[UUID, str, UUID]] = field(default_factory=set)

    async def seal(
        self,
        *,
        subject: UUID,
        stream: str,
        cause: UUID,
        record: Mapping[str, Any],
        index: Mapping[str, str] | None = None,
        new: bool = False,
    ) -> UUID:
        """Keep a record once per input; whoever is said to be new must not be known."""
        if (subject, stream, cause) in self.causes:
            return cause
        self.causes.add((subject, stream, cause))
        assert not (new and subject in self.sealed)
        self.sealed.setdefault(subject, []).append(dict(record))
        self.indexed[subject] = dict(index or {})
        self.commits_before.append(len(self.store.journal))
        return cause

    async def of(self, subject: UUID) -> list[dict[str, Any]]:
        """What is kept about somebody."""
        return self.sealed.get(subject, [])

    async def find(self, name: str, value: str) -> list[UUID]:
        """Who may be found by this value."""
        return [subject for subject, index in self.indexed.items() if index.get(name) == value]

    async def read(self, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
        """Not asked here."""
        raise NotImplementedError


@dataclass
class MemoryJourneys:
    """Looks into the store in memory."""

    store: MemoryStore

    async def under(self, correlation: UUID, organisation: str) -> list[UUID]:
        """As `Journeys.under`."""
        events = [one for commit in self.store.journal for one in recorded(commit) if one.correlation == correlation]
        opened = [one.event for one in events if isinstance(one.event, ReferralReceived)]
        return [one.case for one in opened if one.case and one.sent_by == organisation]


@dataclass
class World:
    """Everything a test looks at."""

    app: FastAPI
    client: httpx.AsyncClient
    intake: Intake
    executor: Executor
    store: MemoryStore
    vault: OpenVault
    clock: HandClock
    audit: MemoryAudit

    def events(self) -> list[Event]:
        """Everything committed, oldest first."""
        return [one.event for commit in self.store.journal for one in recorded(commit)]

    def received(self) -> list[ReferralReceived]:
        """The referrals taken in."""
        return [one for one in self.events() if isinstance(one, ReferralReceived)]

    def worries(self) -> list[ReferralWorryFlagged]:
        """The worries raised."""
        return [one for one in self.events() if isinstance(one, ReferralWorryFlagged)]


@cache
def _data() -> ProgrammeData:
    return programme_data()


@cache
def _instruments() -> Mapping[str, Instrument]:
    return instruments()


@asynccontextmanager
async def world(*, conformance: bool = True) -> AsyncIterator[World]:
    """An intake that answers until the block ends."""
    store, clock = MemoryStore(), HandClock(NOW)
    vault = OpenVault(store)
    executor = Executor("referral", deciders(), store, clock)
    intake = Intake(executor, vault, _data(), _instruments(), clock, digest=partial(digest_of, key=b"test"))  # type: ignore[arg-type]
    audit = MemoryAudit()
    guard = memory_guard("referral", clock, audit)
    app = guarded_app("test", guard, parts=[], ready=_ready)
    reading = reading_of(intake, cast(Views, None))  # a list is read on a real MongoDB only
    journeys = MemoryJourneys(store)
    doors(app, intake, guard, reading, fhir_door(intake, guard, journeys, profile=profile(), conformance=conformance))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    called = httpx.AsyncClient(transport=transport, base_url="http://referral", headers=a_trust(clock))
    async with running_in_memory(executor), called as client:
        yield World(app, client, intake, executor, store, vault, clock, audit)


def a_trust(clock: Clock, organisation: str = TRUST) -> dict[str, str]:
    """The header of a trust's system."""
    return bearer(f"referrer-system/{organisation.lower()}-system", clock, organisations=[organisation])


def nobody(intake: World) -> httpx.AsyncClient:
    """A client that shows nothing."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=intake.app), base_url="http://referral")


def staff(intake: World, acting: str, **more: Any) -> dict[str, str]:
    """The header of a member of staff, written "<role>/<id>"."""
    return bearer(acting, intake.clock, **more)


async def _ready() -> bool:
    return True
