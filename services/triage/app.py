"""Puts triage together: the only file that makes its clients and stores and reads its data files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any

from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.triage.adapters.doors import Doors
from services.triage.adapters.http import routes
from services.triage.adapters.kafka import HEARD, TOPICS, to_inputs
from services.triage.adapters.measuring import Measuring
from services.triage.adapters.pages import TEMPLATES, page_routes
from services.triage.adapters.queries import Queries
from services.triage.domain.commands import HearReferral
from services.triage.domain.decide import decide, decide_worry
from services.triage.domain.policy import Rules
from services.triage.domain.react import react
from services.triage.domain.state import Unflagged, Unheard, evolve, evolve_worry
from services.triage.domain.views import WORKLIST, keys, project
from services.triage.settings import Settings
from shared.access.app import check_routes, guarded_app
from shared.access.glass.doors import glass_routes
from shared.access.session.wiring import SignIn, sign_in_of
from shared.access.wiring import Access, access_of
from shared.instruments.model import Instrument
from shared.instruments.model import load as load_instruments
from shared.programmes.load import ProgrammeData
from shared.programmes.load import load as load_programmes
from shared.runtime.body import Digest, digest_of
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.consumer import Consumer
from shared.runtime.continuity import Continuity
from shared.runtime.decider import Decider
from shared.runtime.executor import Executor
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
from shared.runtime.tail import FOR_READERS, Follower, in_order
from shared.runtime.vault import Sweeper, Vault
from shared.runtime.views import Views, ViewSpec
from shared.web.break_glass import break_glass_routes
from shared.web.pages import Pages
from shared.web.terms import terms_from
from shared.web.wiring import add_pages

SERVICE = "triage"
VIEWS = (ViewSpec(WORKLIST, keys, project),)
Document = dict[str, Any]


@cache
def programme_data() -> ProgrammeData:
    """Programmes, sites and the risk table as shipped; raises for data that does not say what it must."""
    return load_programmes(_reader("shared.programmes"))


@cache
def instruments() -> Mapping[str, Instrument]:
    """The questionnaires that are known, as shipped."""
    return load_instruments(_reader("shared.instruments"))


def rules(settings: Settings, data: ProgrammeData | None = None) -> Rules:
    """The rules of the shipped data files; raises for data that does not say what it must."""
    data = data or programme_data()
    return Rules(
        programmes=data.programmes,
        risk=data.risk,
        instruments=instruments(),
        usual=settings.usual_programme,
        reasons=data.vocabulary.decision_reasons,
    )


def deciders(rules: Rules) -> list[Decider[Any, Any]]:
    """Triage's kinds of stream."""
    return [
        Decider(kind="case", initial=Unheard(), decide=partial(decide, rules=rules), evolve=evolve),
        Decider(kind="worry", initial=Unflagged(), decide=decide_worry, evolve=evolve_worry),
    ]


@dataclass(frozen=True)
class Triage:
    """Everything that is made once, before any of it runs."""

    settings: Settings
    rules: Rules
    clock: Clock
    client: AsyncMongoClient[Document]
    database: AsyncDatabase[Document]
    store: MongoStore
    journal: Continuity
    executor: Executor
    vault: Vault
    views: Views
    parking: Parking
    digest: Digest
    access: Access
    sign_in: SignIn
    data: ProgrammeData

    @property
    def handlers(self) -> dict[str, Handle]:
        """What becomes of each topic's events, for the consumer and for `parked redrive`."""
        return dict.fromkeys(TOPICS, inputs_handler(self.executor, to_inputs, begins=(HearReferral,)))

    async def start(self) -> None:
        """Make what must be there before anything runs; harmless when it is."""
        for one in (self.store, self.vault, self.parking, self.access, self.sign_in):
            await one.ensure_indexes()
        await self.vault.reconcile()
        await self.journal.begin()


def made(settings: Settings, *, clock: Clock | None = None) -> Triage:
    """Make triage's clients and stores."""
    now, data = clock or SystemClock(), programme_data()
    law = rules(settings, data)
    client = connect(settings.mongo_url)
    database = client[settings.database]
    store = MongoStore(database)
    master = FileMasterKey(settings.key_file)
    access = access_of(settings, SERVICE, database, master, now)
    journal = Continuity(SERVICE, database, settings.kafka, always={"worry"})
    return Triage(
        settings=settings,
        rules=law,
        clock=now,
        client=client,
        database=database,
        store=store,
        journal=journal,
        executor=Executor(SERVICE, deciders(law), store, now, journal=journal),
        vault=Vault(database, client[f"{settings.database}_keys"], master, now),
        views=Views(database, VIEWS),
        parking=Parking(database),
        digest=partial(digest_of, key=master.derived("digest")),
        access=access,
        sign_in=sign_in_of(settings, SERVICE, database, master, now, access.http),
        data=data,
    )


def parts(triage: Triage) -> list[Part]:
    """Everything that runs behind the routes."""
    settings, access, handover = triage.settings, triage.access, triage.store.handover
    tail = in_order(triage.views, Reactions(triage.executor, react))
    lease = Lease(triage.database, "local")
    return [
        triage.executor,
        *access.parts,
        triage.vault,
        Sweeper(triage.vault, durable(triage.database, COMMITS)),
        Follower("local", triage.database, tail, lease=lease, handover=handover, rest=FOR_READERS),
        Relay(SERVICE, triage.database, settings.kafka, handover=handover, look=triage.journal.look),
        Push(SERVICE, triage.database, settings.safeguarding, access.to_safeguarding, handover=handover),
        Consumer(SERVICE, settings.kafka, SERVICE, TOPICS, triage.handlers[TOPICS[0]], triage.parking, hears=HEARD),
    ]


def build(settings: Settings, *, clock: Clock | None = None) -> FastAPI:
    """The application, with every background part in its lifespan; Kafka may be away."""
    triage = made(settings, clock=clock)
    queries = Queries(triage.views, triage.executor, triage.data.sites.first)
    app = guarded_app(
        "Beside: triage",
        triage.access.guard(triage.sign_in.authenticator),
        parts=parts(triage),
        ready=MajorityWrite(triage.database),
        start=[triage.start],
        stop=[triage.client.close, triage.access.http.aclose, triage.sign_in.close],
    )
    measuring = Measuring(triage.executor, queries, triage.rules.risk, triage.clock, triage.digest)
    doors = Doors(triage.executor, queries, measuring, triage.vault, triage.digest, triage.data)
    pages = Pages(TEMPLATES)
    app.include_router(routes(doors))
    app.include_router(glass_routes(triage.access.glass))
    app.include_router(break_glass_routes(triage.access.glass, pages))
    app.include_router(page_routes(doors, pages, terms_from(_reader("services.triage")("rules/words.yaml"))))
    add_pages(app, settings, triage.sign_in, pages)
    check_routes(app)
    return app


def _reader(package: str) -> Any:
    files = resources.files(package)
    return lambda name: files.joinpath(name).read_text("utf-8")
