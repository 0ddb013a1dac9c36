"""Puts support together: the only file that makes its clients and stores and reads its data files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.support.adapters import http, volunteers
from services.support.adapters.all_pages import hang_pages
from services.support.adapters.doors import Doors
from services.support.adapters.kafka import HEARD, TOPICS, to_inputs
from services.support.adapters.names import Names
from services.support.adapters.phone_pages import Phones
from services.support.adapters.queries import Queries
from services.support.adapters.safeguarding import Safeguarding
from services.support.adapters.worries import Worries
from services.support.domain.case import state as case_state
from services.support.domain.case.commands import HearTriage
from services.support.domain.case.decide import decide as decide_case
from services.support.domain.case.decide import decide_worry
from services.support.domain.phone import phone
from services.support.domain.policy import Places, places_from
from services.support.domain.react import react
from services.support.domain.views import (
    CASES,
    VOLUNTEERS,
    case_keys,
    project_case,
    project_volunteer,
    volunteer_keys,
)
from services.support.domain.volunteer import state as volunteer_state
from services.support.domain.volunteer.commands import DeadlinePassed
from services.support.domain.volunteer.decide import decide as decide_volunteer
from services.support.settings import Settings
from shared.access.app import check_routes, guarded_app
from shared.access.caller import Caller
from shared.access.device.kept import Devices
from shared.access.device.limits import device_limits
from shared.access.glass.doors import glass_routes
from shared.access.service_keys import for_service
from shared.access.session.cookies import Cookie
from shared.access.session.wiring import SignIn, sign_in_of
from shared.access.wiring import Access, access_of
from shared.programmes.load import ProgrammeData, load
from shared.runtime.body import Digest, digest_of
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.consumer import Consumer
from shared.runtime.continuity import Continuity
from shared.runtime.decider import Decider
from shared.runtime.executor import Executor, Settled
from shared.runtime.health import MajorityWrite
from shared.runtime.inputs import inputs_handler
from shared.runtime.lease import Lease
from shared.runtime.master_key import FileMasterKey
from shared.runtime.mongo import COMMITS, MongoStore, connect, durable
from shared.runtime.parking import Parking
from shared.runtime.part import Part
from shared.runtime.push import Push
from shared.runtime.reactions import Reactions
from shared.runtime.record import Handle
from shared.runtime.relay import Relay
from shared.runtime.sweep import Sweep
from shared.runtime.tail import FOR_READERS, Follower, in_order
from shared.runtime.timers import Timers
from shared.runtime.vault import Sweeper, Vault
from shared.runtime.views import Views, ViewSpec
from shared.web.terms import terms_from

SERVICE = "support"
REST_S = 0.1
"""A person reads what triage decided; nobody sees a tenth of a second."""
VIEWS = (
    ViewSpec(VOLUNTEERS, volunteer_keys, project_volunteer),
    ViewSpec(CASES, case_keys, project_case),
)
Document = dict[str, Any]


@cache
def programme_data() -> ProgrammeData:
    """Programmes, sites and the risk table as shipped; raises for data that does not say what it must."""
    return load(_reader("shared.programmes"))


@cache
def rules() -> Places:
    """The shipped numbers."""
    return places_from(_reader("services.support")("rules/places.yaml"))


def deciders(rules: Places) -> list[Decider[Any, Any]]:
    """Support's kinds of stream."""
    return [
        Decider(
            kind="volunteer",
            initial=volunteer_state.Unregistered(),
            decide=partial(decide_volunteer, rules=rules),
            evolve=volunteer_state.evolve,
            due=volunteer_state.due,
            wake=DeadlinePassed,
        ),
        Decider(
            kind="case",
            initial=case_state.Unopened(),
            decide=partial(decide_case, rules=rules),
            evolve=case_state.evolve,
        ),
        Decider(kind=phone.KIND, initial=phone.Remembered(), decide=phone.decide, evolve=phone.evolve),
        Decider(kind="worry", initial=case_state.Unflagged(), decide=decide_worry, evolve=case_state.evolve_worry),
    ]


@dataclass(frozen=True)
class Support:
    """Everything that is made once, before any of it runs."""

    settings: Settings
    data: ProgrammeData
    clock: Clock
    client: AsyncMongoClient[Document]
    database: AsyncDatabase[Document]
    store: MongoStore
    journal: Continuity
    executor: Executor
    timers: Timers
    vault: Vault
    views: Views
    parking: Parking
    digest: Digest
    http: httpx.AsyncClient
    access: Access
    sign_in: SignIn
    devices: Devices

    @property
    def handlers(self) -> dict[str, Handle]:
        """What becomes of each topic's events, for the consumer and for `parked redrive`."""
        return dict.fromkeys(TOPICS, inputs_handler(self.executor, to_inputs, begins=(HearTriage,)))

    @property
    def doors(self) -> Doors:
        """What the routes use."""
        queries = Queries(self.views, self.executor, self.data.sites.first)
        safeguarding = Safeguarding(self.settings.safeguarding, self.http, self.access.to_safeguarding)
        worries = Worries(
            executor=self.executor,
            queries=queries,
            vault=self.vault,
            risk=self.data.risk,
            clock=self.clock,
            digest=self.digest,
        )
        return Doors(
            executor=self.executor,
            queries=queries,
            safeguarding=safeguarding,
            vault=self.vault,
            worries=worries,
            names=Names(self.settings.referral, self.http, self._naming, self.settings.names_within),
            data=self.data,
            gates=rules().gates,
            clock=self.clock,
            digest=self.digest,
        )

    @property
    def parts(self) -> list[Part]:
        """Everything that runs behind the routes."""
        tail = in_order(self.timers, self.views, Reactions(self.executor, react))
        handle = self.handlers[TOPICS[0]]
        return [
            self.executor,
            *self.access.parts,
            self.vault,
            Sweeper(self.vault, durable(self.database, COMMITS)),
            Follower(
                "local",
                self.database,
                tail,
                lease=Lease(self.database, "local"),
                handover=self.store.handover,
                rest=FOR_READERS,
            ),
            self.timers,
            Sweep(self.database, self.executor, self.timers, self.clock),
            Relay(SERVICE, self.database, self.settings.kafka, handover=self.store.handover, look=self.journal.look),
            Push(
                SERVICE,
                self.database,
                self.settings.safeguarding,
                self.access.to_safeguarding,
                handover=self.store.handover,
            ),
            Consumer(SERVICE, self.settings.kafka, SERVICE, TOPICS, handle, self.parking, hears=HEARD, rest=REST_S),
        ]

    async def start(self) -> None:
        """Make what must be there before anything runs; harmless when it is."""
        for one in (self.store, self.vault, self.timers, self.parking, self.access, self.sign_in, self.devices):
            await one.ensure_indexes()
        await self.vault.reconcile()
        await self.journal.begin()

    @property
    def phones(self) -> Phones:
        """Volunteers' own phones."""
        cookie = Cookie.of("support-phone", self.settings.public_url, same_site="strict")
        return Phones(self.devices, cookie, self.sign_in, self.doors)

    def _naming(self, caller: Caller, matches: Sequence[UUID]) -> str:
        """The header with which referral is asked for names on behalf of a reader."""
        return for_service(self.access.signer, "referral", caller, matches=matches)

    async def stop(self) -> None:
        """Close the clients."""
        await self.sign_in.close()
        await self.access.http.aclose()
        await self.http.aclose()
        await self.client.close()


def made(settings: Settings, *, clock: Clock | None = None, http: httpx.AsyncClient | None = None) -> Support:
    """Make support's clients and stores."""
    now = clock or SystemClock()
    client = connect(settings.mongo_url)
    database = client[settings.database]
    store = MongoStore(database)
    master = FileMasterKey(settings.key_file)
    access = access_of(settings, SERVICE, database, master, now)
    told: list[Timers] = []

    def remember(settled: Any) -> None:
        _tell(told, settled)

    journal = Continuity(SERVICE, database, settings.kafka, always={"worry"})
    executor = Executor(SERVICE, deciders(rules()), store, now, journal=journal, after_commit=remember)
    timers = Timers(database, executor, now, lease=Lease(database, "timers"))
    told.append(timers)
    return Support(
        settings=settings,
        data=programme_data(),
        clock=now,
        client=client,
        database=database,
        store=store,
        journal=journal,
        executor=executor,
        timers=timers,
        vault=Vault(database, client[f"{settings.database}_keys"], master, now),
        views=Views(database, VIEWS),
        parking=Parking(database),
        digest=partial(digest_of, key=master.derived("digest")),
        http=http or httpx.AsyncClient(timeout=settings.hold_answer_within, trust_env=False),
        access=access,
        sign_in=sign_in_of(settings, SERVICE, database, master, now, access.http),
        devices=Devices(database, device_limits(), now),
    )


def build(settings: Settings, *, clock: Clock | None = None, client: httpx.AsyncClient | None = None) -> FastAPI:
    """The application, with every background part in its lifespan; Kafka may be away."""
    support = made(settings, clock=clock, http=client)
    app = guarded_app(
        "Beside: support",
        support.access.guard(support.sign_in.authenticator),
        parts=support.parts,
        ready=MajorityWrite(support.database),
        start=[support.start],
        stop=[support.stop],
    )
    doors = support.doors
    app.include_router(volunteers.routes(doors))
    app.include_router(http.routes(doors))
    app.include_router(glass_routes(support.access.glass))
    terms = terms_from(_reader("services.support")("rules/words.yaml"))
    hang_pages(app, settings, doors, support.phones, terms, support.access.glass, support.access.signer)
    check_routes(app)
    return app


def _tell(told: list[Timers], settled: list[Settled]) -> None:
    for timers in told:  # the executor is made first; until the timers are, nothing is committed
        timers.remember(settled)


def _reader(package: str) -> Any:
    files = resources.files(package)
    return lambda name: files.joinpath(name).read_text("utf-8")
