"""The composition root of referral: the only file that makes clients and stores and reads data files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any

import yaml
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette

from services.referral.adapters import bars, http
from services.referral.adapters.bars_later import Journeys, Later
from services.referral.adapters.bars_messages import Messages
from services.referral.adapters.bars_profile import Profile, profile_from
from services.referral.adapters.bars_reads import Reads
from services.referral.adapters.bars_responding import Responding
from services.referral.adapters.bars_updating import Updating
from services.referral.adapters.cards import Cards, Enclosing
from services.referral.adapters.consents import ConsentRules, Consents, consent_routes, consent_rules_from
from services.referral.adapters.described import describe
from services.referral.adapters.intake import Intake
from services.referral.adapters.journeys import JournalJourneys
from services.referral.adapters.kafka import HEARD, TOPICS, to_inputs
from services.referral.adapters.keeper import Keeper
from services.referral.adapters.message_pages import message_routes
from services.referral.adapters.messages import KeptMessages
from services.referral.adapters.national_proxy import national_proxy
from services.referral.adapters.pages import TEMPLATES, page_routes
from services.referral.adapters.queries import People, Referrals
from services.referral.adapters.reading import Reading
from services.referral.adapters.self_form import SelfRules, self_rules_from
from services.referral.adapters.self_pages import self_routes
from services.referral.adapters.self_referral import SelfReferral
from services.referral.domain.decide import decide, decide_refusal, decide_request
from services.referral.domain.message_views import MESSAGES, message_keys, project_message
from services.referral.domain.messages import Unkept, decide_message, evolve_message
from services.referral.domain.standing import Told
from services.referral.domain.state import Fresh, evolve, evolve_refusal, evolve_request, initial
from services.referral.domain.views import SENT, keys, project
from services.referral.settings import Settings
from shared.access.app import check_routes, guarded_app
from shared.access.glass.doors import glass_routes
from shared.access.guard import Guard
from shared.access.letters import Letters
from shared.access.session.wiring import SignIn, sign_in_of
from shared.access.wiring import Access, access_of
from shared.instruments.model import Instrument
from shared.instruments.model import load as load_instruments
from shared.programmes.load import ProgrammeData, load
from shared.runtime.body import Digest, digest_of
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.consumer import Consumer
from shared.runtime.continuity import Continuity
from shared.runtime.decider import Decider
from shared.runtime.executor import Executor
from shared.runtime.health import MajorityWrite
from shared.runtime.inflating import Inflated
from shared.runtime.inputs import inputs_handler
from shared.runtime.lease import Lease
from shared.runtime.master_key import FileMasterKey
from shared.runtime.mongo import COMMITS, MongoStore, connect, durable
from shared.runtime.parking import Parking
from shared.runtime.part import Part
from shared.runtime.push import Push
from shared.runtime.record import Handle
from shared.runtime.relay import Relay
from shared.runtime.tail import FOR_READERS, Follower
from shared.runtime.vault import Sweeper, Vault
from shared.runtime.views import Views, ViewSpec
from shared.web.break_glass import break_glass_routes
from shared.web.pages import Pages
from shared.web.terms import Terms, terms_from
from shared.web.wiring import add_pages

SERVICE = "referral"
VIEWS = (ViewSpec(SENT, keys, project), ViewSpec(MESSAGES, message_keys, project_message))
REST_S = 0.1
"""Where a referral stands is read by people; nobody sees a tenth of a second."""
Document = dict[str, Any]


def deciders() -> list[Decider[Any, Any]]:
    """Intake's kinds of stream."""
    return [
        Decider("case", initial(), decide, evolve),
        Decider("request", Fresh(), decide_request, evolve_request),
        Decider("refusal", Fresh(), decide_refusal, evolve_refusal),
        Decider("message", Unkept(), decide_message, evolve_message),
    ]


@cache
def programme_data() -> ProgrammeData:
    """Programmes, sites and the risk table as shipped; raises for data that does not say what it must."""
    return load(lambda name: _text("shared.programmes", name))


@cache
def instruments() -> Mapping[str, Instrument]:
    """The questionnaires that are known, as shipped."""
    return load_instruments(lambda name: _text("shared.instruments", name))


@cache
def profile() -> Profile:
    """What the FHIR door takes, as shipped."""
    return profile_from(_text("services.referral", "rules/bars.yaml"))


@cache
def told() -> Told:
    """What referrers may be told, as shipped."""
    return Told(**yaml.safe_load(_text("services.referral", "rules/told.yaml")))


@cache
def consent_rules() -> ConsentRules:
    """What a woman may be asked to agree to, as shipped."""
    return consent_rules_from(_text("services.referral", "rules/consent.yaml"))


@cache
def self_rules() -> SelfRules:
    """When and how a woman may ask for support herself, as shipped."""
    return self_rules_from(_text("services.referral", "rules/self_referral.yaml"))


@cache
def terms() -> Terms:
    """What the pages say for a code, as shipped."""
    return terms_from(_text("services.referral", "rules/words.yaml"))


def _text(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text("utf-8")


@dataclass(frozen=True)
class Referral:
    """Everything that is made once, before any of it runs."""

    settings: Settings
    clock: Clock
    client: AsyncMongoClient[Document]
    database: AsyncDatabase[Document]
    store: MongoStore
    journal: Continuity
    executor: Executor
    vault: Vault
    views: Views
    journeys: JournalJourneys
    parking: Parking
    digest: Digest
    access: Access
    sign_in: SignIn

    @property
    def handlers(self) -> dict[str, Handle]:
        """What becomes of each topic's events, for the consumer and for `parked redrive`."""
        return dict.fromkeys(TOPICS, inputs_handler(self.executor, to_inputs))

    def push(self, guard: Guard) -> Push:
        """The fast path of worries, each with her contact card for safeguarding alone (S21)."""
        cards = Cards(Referrals(self.executor), People(self.vault))
        return Push(
            SERVICE,
            self.database,
            self.settings.safeguarding,
            self.access.to_safeguarding,
            handover=self.store.handover,
            enclose=Enclosing(cards, Letters(self.settings.trusted_keys), guard),
        )

    async def start(self) -> None:
        """Make what must be there before anything runs, and erase again whoever a backup brought back (S15)."""
        for one in (self.store, self.vault, self.parking, self.access, self.sign_in, self.journeys):
            await one.ensure_indexes()
        await self.vault.reconcile()
        await self.journal.begin()


def made(settings: Settings, *, clock: Clock | None = None) -> Referral:
    """Make referral's clients and stores."""
    now = clock or SystemClock()
    client = connect(settings.mongo_url)
    database = client[settings.database]
    store = MongoStore(database)
    master = FileMasterKey(settings.key_file)
    access = access_of(settings, SERVICE, database, master, now)
    journal = Continuity(SERVICE, database, settings.kafka, always={"refusal"})
    return Referral(
        settings=settings,
        clock=now,
        client=client,
        database=database,
        store=store,
        journal=journal,
        executor=Executor(SERVICE, deciders(), store, now, journal=journal),
        vault=Vault(database, client[f"{settings.database}_keys"], master, now),
        views=Views(database, VIEWS),
        journeys=JournalJourneys(durable(database, COMMITS)),
        parking=Parking(database),
        digest=partial(digest_of, key=master.derived("digest")),
        access=access,
        sign_in=sign_in_of(settings, SERVICE, database, master, now, access.http),
    )


def parts(referral: Referral, guard: Guard) -> list[Part]:
    """Everything that runs behind the routes."""
    settings, database, handover = referral.settings, referral.database, referral.store.handover
    handle = referral.handlers[TOPICS[0]]
    lease = Lease(database, "local")
    return [
        referral.executor,
        *referral.access.parts,
        referral.vault,
        Sweeper(referral.vault, durable(database, COMMITS)),
        Follower("local", database, referral.views, lease=lease, handover=handover, rest=FOR_READERS),
        Relay(SERVICE, database, settings.kafka, handover=handover, look=referral.journal.look),
        referral.push(guard),
        Consumer(SERVICE, settings.kafka, SERVICE, TOPICS, handle, referral.parking, hears=HEARD, rest=REST_S),
    ]


def build(settings: Settings, *, clock: Clock | None = None) -> FastAPI:
    """The application, with every background part in its lifespan; Kafka may be away."""
    referral = made(settings, clock=clock)
    proxied = national_proxy(settings.national_proxy, settings.front_door_key)
    guard = referral.access.guard(*proxied, referral.sign_in.authenticator)
    intake = Intake(
        referral.executor, referral.vault, programme_data(), instruments(), referral.clock, digest=referral.digest
    )
    app = guarded_app(
        "Beside: referral",
        guard,
        parts=parts(referral, guard),
        ready=MajorityWrite(referral.database),
        start=[referral.start],
        stop=[referral.client.close, referral.access.http.aclose, referral.sign_in.close],
    )
    pages = Pages(TEMPLATES)
    reading = reading_of(intake, referral.views)
    app.include_router(page_routes(reading, pages, terms(), consent_rules()))
    consents = Consents(intake, Referrals(referral.executor), consent_rules())
    app.include_router(consent_routes(consents))
    kept = KeptMessages(referral.views, People(referral.vault), referral.executor)
    app.include_router(message_routes(kept, pages, terms()))
    app.include_router(self_routes(SelfReferral(intake, self_rules()), Pages(TEMPLATES, title_end=""), terms()))
    add_pages(app, settings, referral.sign_in, pages)
    app.include_router(glass_routes(referral.access.glass))
    app.include_router(break_glass_routes(referral.access.glass, pages))
    fhir = fhir_door(intake, guard, referral.journeys, profile=profile(), conformance=settings.conformance)
    doors(app, intake, guard, reading, fhir)
    return app


def reading_of(intake: Intake, views: Views) -> Reading:
    """How referrals are read."""
    return Reading(Referrals(intake.executor), People(intake.vault), views, told())


def fhir_door(intake: Intake, guard: Guard, journeys: Journeys, *, profile: Profile, conformance: bool) -> Starlette:
    """The FHIR door."""
    later, referrals = Later(intake, journeys, profile), Referrals(intake.executor)
    updating = Updating(later, referrals, People(intake.vault))
    responding = Responding(later, updating, referrals)
    messages = Messages(intake, later, updating, responding, conformance=conformance)
    return bars.door(
        messages, Reads(referrals, intake.vault, profile, intake.clock, conditions=intake.data.conditions), guard
    )


def doors(app: FastAPI, intake: Intake, guard: Guard, reading: Reading, fhir: Starlette) -> None:
    """Hang the JSON and the FHIR door on `app`, and before both the keeper of worries."""
    app.router.routes.insert(0, http.post_route(intake))  # looked at first, because it is asked for most
    app.include_router(http.routes(intake, Referrals(intake.executor), People(intake.vault), reading))
    describe(app)
    app.mount(bars.BASE, fhir)
    check_routes(app)
    app.add_middleware(bars.Spoken)
    app.add_middleware(Keeper, intake=intake, guard=guard)
    app.add_middleware(Inflated)  # before the keeper, which looks into what was sent
