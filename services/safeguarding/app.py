"""The composition root of safeguarding: the only file that makes clients and stores."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI

from services.safeguarding.adapters import kafka
from services.safeguarding.adapters.broken_glass import Notices, notice_routes
from services.safeguarding.adapters.card_http import card_routes
from services.safeguarding.adapters.cards import Cards
from services.safeguarding.adapters.channels import Channel, Mail, Webhook
from services.safeguarding.adapters.fetching import FetchCards, Referral
from services.safeguarding.adapters.holdings import Holdings
from services.safeguarding.adapters.http import Doors, keep_what_was_turned_away, routes
from services.safeguarding.adapters.inbox import Inbox
from services.safeguarding.adapters.notify import Notifier
from services.safeguarding.adapters.opening import Opening
from services.safeguarding.adapters.other_origins import OtherOrigins
from services.safeguarding.adapters.pages import TEMPLATES, page_routes
from services.safeguarding.adapters.passes import CardPasses
from services.safeguarding.adapters.queries import Live, Queries
from services.safeguarding.adapters.raising import Raising
from services.safeguarding.adapters.rule_files import Rules
from services.safeguarding.adapters.taking import Taking
from services.safeguarding.domain import cases, lost_phones, views
from services.safeguarding.domain.commands import KIND, DeadlinePassed
from services.safeguarding.domain.decide import decide
from services.safeguarding.domain.policy import Ladder
from services.safeguarding.domain.rota import PageChannel
from services.safeguarding.domain.state import due, evolve, initial
from services.safeguarding.settings import Settings
from shared.access.app import check_routes, guarded_app
from shared.access.letters import Reading
from shared.access.service_keys import for_service
from shared.access.session.cookies import Cookie
from shared.access.session.wiring import sign_in_of
from shared.access.wiring import access_of
from shared.access.worry_pass import WorryPasses
from shared.programmes.load import RISK_FILE, SITES_FILE, risk_levels_from, sites_from
from shared.runtime.body import digest_of
from shared.runtime.clock import SystemClock
from shared.runtime.consumer import Consumer
from shared.runtime.continuity import Continuity
from shared.runtime.decider import Decider
from shared.runtime.executor import Executor, Settled
from shared.runtime.health import MajorityWrite
from shared.runtime.lease import Lease
from shared.runtime.master_key import FileMasterKey
from shared.runtime.mongo import COMMITS, MongoStore, connect, durable
from shared.runtime.parking import Parking
from shared.runtime.part import Part
from shared.runtime.record import Handle
from shared.runtime.relay import Relay
from shared.runtime.sweep import Sweep
from shared.runtime.tail import FOR_READERS, Follower, in_order
from shared.runtime.timers import Timers
from shared.runtime.vault import Sweeper, Vault
from shared.runtime.views import Views, ViewSpec
from shared.web.pages import Pages
from shared.web.wiring import add_pages

log = structlog.get_logger()
SERVICE = "safeguarding"
REST_S = 0.2
"""Where cases belong is known long before anybody asks; signals never rest."""
HERE = Path(__file__).parent
PROGRAMMES = HERE.parent.parent / "shared" / "programmes"
CONCERNS = ViewSpec(views.NAME, views.keys, views.project)
CASES = ViewSpec(cases.NAME, cases.keys, cases.project)
LOST_PHONES = ViewSpec(lost_phones.NAME, lost_phones.keys, lost_phones.project)


def decider(ladder: Ladder) -> Decider[Any, Any]:
    """The one kind of stream: a concern."""
    decided = partial(decide, ladder=ladder)
    return Decider(kind=KIND, initial=initial(), decide=decided, evolve=evolve, due=due, wake=DeadlinePassed)


class Service:
    """Every object of one running instance, wired."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.clock = settings, SystemClock()
        self.rules = Rules.of(settings)
        self.client = connect(settings.mongo_url)
        self.database = self.client[settings.database]
        self.store = MongoStore(self.database)
        # Pages go on whatever was put back: nothing here waits for `recover` (S3).
        self.journal = Continuity(SERVICE, self.database, settings.kafka, always=None)
        deciders = [decider(self.rules.ladder)]
        self.executor = Executor(
            SERVICE, deciders, self.store, self.clock, journal=self.journal, after_commit=self._after_commit
        )
        self.own = Views(self.database, [CONCERNS])
        self.heard = Views(self.database, [CASES, LOST_PHONES])
        self.timers = Timers(self.database, self.executor, self.clock, lease=Lease(self.database, "timers"))
        self.parking = Parking(self.database)
        master = FileMasterKey(settings.key_file)
        self.digest = partial(digest_of, key=master.derived("digest"))
        self.vault = Vault(self.database, self.client[f"{settings.database}_keys"], master, self.clock)
        self.sites = sites_from((PROGRAMMES / SITES_FILE).read_text(encoding="utf-8"))
        self.access = access_of(settings, SERVICE, self.database, master, self.clock)
        self.sign_in = sign_in_of(settings, SERVICE, self.database, master, self.clock, self.access.http)
        self.passes = self._passes()
        self.guard = self.access.guard(WorryPasses(self.access.trusted), self.passes, self.sign_in.authenticator)
        self.cards = self._cards(master)
        self.inbox = Inbox(durable(self.database, "signals_inbox"), self.executor, self.sites, self.clock, self.cards)
        self.queries = self._queries()
        self.live = Live(self.queries)
        self.ready = MajorityWrite(self.database)
        # Certificates are loaded only where a far end shows one: they weigh 15 MB.
        self.http_client = httpx.AsyncClient(verify=settings.webhook_url.startswith("https:"), trust_env=False)
        self.mail = Mail(settings.smtp_host, settings.smtp_port, settings.mail_from, self.rules.ladder.delivery.timeout)
        self.notifier = self._notifier()
        self.notices = Notices(durable(self.database, "break_glass_mails"), self.mail, self.rules.glass, self.clock)

    def _queries(self) -> Queries:
        return Queries(
            concerns=self.own.collection(CONCERNS.name),
            cases=self.heard.collection(CASES.name),
            lost_phones=self.heard.collection(LOST_PHONES.name),
            commits=durable(self.database, COMMITS),
            executor=self.executor,
            inbox=self.inbox,
        )

    def _notifier(self) -> Notifier:
        settings, timeout = self.settings, self.rules.ladder.delivery.timeout
        channels: dict[PageChannel, Channel] = {"email": self.mail}
        if settings.webhook_url:
            channels["webhook"] = Webhook(settings.webhook_url, settings.webhook_secret, self.http_client, timeout)
        return Notifier(
            pages=durable(self.database, "pages"),
            executor=self.executor,
            clock=self.clock,
            ladder=self.rules.ladder,
            rota=self.rules.rota,
            channels=channels,
            link=lambda concern: f"{self.base_url}/concerns/{concern}",
        )

    def _cards(self, master: FileMasterKey) -> Cards:
        """Contact cards have records of their own, swept by their holdings; their keys are rotated with all others."""
        holdings = Holdings(durable(self.database, "cards"), self.clock)
        records, keys = self.client[f"{self.settings.database}_cards"], self.client[f"{self.settings.database}_keys"]
        self.card_vault = Vault(records, keys, master, self.clock)
        return Cards(holdings, self.card_vault, self.executor, Reading(self.settings.signing_keys))

    def _passes(self) -> CardPasses:
        life = timedelta(minutes=self.rules.card.open_minutes)
        cookie = partial(Cookie.of, public_url=self.base_url, same_site="strict")
        return CardPasses(durable(self.database, "card_passes"), cookie, self.clock, life)

    @property
    def base_url(self) -> str:
        """How browsers reach this service."""
        return self.settings.public_url or f"http://{self.settings.host}:{self.settings.port}"

    def _fetching(self) -> FetchCards:
        rules = self.rules.card.fetching
        prove = partial(for_service, self.access.signer, "referral")
        return FetchCards(self.cards, Referral(self.settings.referral, self.http_client, prove, rules.timeout), rules)

    def _after_commit(self, settled: Sequence[Settled]) -> None:
        self.timers.remember(settled)
        self.notifier.wake(settled)

    @property
    def handlers(self) -> dict[str, Handle]:
        """What is done with each topic."""
        ordinary = kafka.ordinary_handler(self.heard, self.cards)
        signals = dict.fromkeys(kafka.SIGNALS_TOPICS, kafka.signals_handler(self.executor))
        return {**signals, **dict.fromkeys(kafka.TOPICS, ordinary)}

    def consumers(self) -> list[Consumer]:
        """The two groups: signals, where nothing is only parked, and the ordinary one."""
        handlers, servers = self.handlers, self.settings.kafka
        return [
            Consumer(
                *(SERVICE, servers, kafka.SIGNALS_GROUP, kafka.SIGNALS_TOPICS),
                handle=handlers[kafka.SIGNALS_TOPICS[0]],
                parking=self.parking,
                on_unreadable=kafka.unreadable_handler(self.executor, self.sites, self.clock),
            ),
            Consumer(
                *(SERVICE, servers, kafka.GROUP, kafka.TOPICS),
                handle=handlers[kafka.TOPICS[0]],
                parking=self.parking,
                hears=kafka.HEARD,
                rest=REST_S,
            ),
        ]

    def parts(self) -> list[Part]:
        """Everything that runs beside HTTP; Kafka's parts last, because the others do without."""
        local = in_order(self.timers, self.notifier, self.own, self.live, self.cards)
        return [
            self.executor,
            *self.access.parts,
            self.vault,
            self.card_vault,
            self.notifier,
            self._fetching(),
            self.notices,
            Follower(
                "local",
                self.database,
                local,
                lease=Lease(self.database, "local"),
                handover=self.store.handover,
                rest=FOR_READERS,
            ),
            self.timers,
            Sweep(self.database, self.executor, self.timers, self.clock),
            self.inbox,
            Sweeper(self.vault, durable(self.database, COMMITS)),
            Sweeper(self.card_vault, self.cards.holdings.collection),
            Relay(SERVICE, self.database, self.settings.kafka, handover=self.store.handover, look=self.journal.look),
            *self.consumers(),
        ]

    async def prepare(self) -> None:
        """Create every index before the first write."""
        kept = (self.store, self.vault, self.timers, self.parking, self.inbox, self.notifier, self.queries)
        for one in (*kept, self.card_vault, self.cards.holdings, self.passes, self.notices, self.access, self.sign_in):
            await one.ensure_indexes()
        await self.card_vault.reconcile()
        await self.vault.reconcile()
        await self.journal.begin()

    async def close(self) -> None:
        """Let go of the clients."""
        await self.sign_in.close()
        await self.access.http.aclose()
        await self.http_client.aclose()
        await self.client.close()

    def doors(self) -> Doors:
        """What HTTP hands requests on to."""
        risk = risk_levels_from((PROGRAMMES / RISK_FILE).read_text(encoding="utf-8"))
        raising = Raising(executor=self.executor, queries=self.queries, keeper=self.vault, risk=risk, clock=self.clock)
        taking = Taking(self.rules.rota, self.queries, self.clock)
        return Doors(
            executor=self.executor,
            inbox=self.inbox,
            raising=raising,
            taking=taking,
            opening=Opening(self.executor, self.queries, self.cards, taking, self.rules.card),
            passes=self.passes,
            queries=self.queries,
            live=self.live,
            vault=self.vault,
            ladder=self.rules.ladder,
            rota=self.rules.rota,
            sites=self.sites,
            clock=self.clock,
            digest=self.digest,
        )


def build(settings: Settings) -> FastAPI:
    """The whole service as one application."""
    service = Service(settings)
    return application(service, service.parts())


def application(service: Service, parts: Sequence[Part]) -> FastAPI:
    """The service's doors, with `parts` running behind them."""
    doors = service.doors()
    app = guarded_app(
        "Beside safeguarding",
        service.guard,
        parts=parts,
        ready=service.ready,
        start=[service.prepare],
        stop=[service.close],
        on_refusal=keep_what_was_turned_away(doors, service.guard),
    )
    app.include_router(routes(doors))
    app.include_router(card_routes(doors))
    app.include_router(notice_routes(service.notices))
    pages = Pages(TEMPLATES, title_end="")
    app.include_router(page_routes(doors, pages))
    add_pages(app, service.settings, service.sign_in, pages)
    check_routes(app)
    app.add_middleware(OtherOrigins, services=service.settings.service_urls.values())
    return app
