"""The composition root of outcomes: the only file that makes clients and stores."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI

from services.outcomes.adapters.http import routes
from services.outcomes.adapters.kafka import GROUP, TOPICS, journeys_handler
from services.outcomes.adapters.pages import TEMPLATES, page_routes
from services.outcomes.adapters.queries import Queries
from services.outcomes.adapters.statistics import Statistics
from services.outcomes.domain import journey
from services.outcomes.domain.definitions import definitions_from
from services.outcomes.settings import Settings
from shared.access.app import check_routes, guarded_app
from shared.access.session.wiring import sign_in_of
from shared.access.wiring import access_of
from shared.instruments.model import load
from shared.runtime.clock import SystemClock
from shared.runtime.consumer import Consumer
from shared.runtime.health import MajorityWrite
from shared.runtime.master_key import FileMasterKey
from shared.runtime.mongo import connect
from shared.runtime.parking import Parking
from shared.runtime.part import Part
from shared.runtime.record import Handle
from shared.runtime.views import Views, ViewSpec
from shared.web.pages import Pages
from shared.web.wiring import add_pages

SERVICE = "outcomes"
REST_S = 1.0
"""Figures are read by people, seconds later; what services say of a case within a second is one write here."""
HERE = Path(__file__).parent
INSTRUMENTS = HERE.parent.parent / "shared" / "instruments"
JOURNEYS = ViewSpec(journey.NAME, journey.keys, journey.project)


class Service:
    """Every object of one running instance, wired. It states nothing yet, so it has no journal and no relay."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.clock = settings, SystemClock()
        self.client = connect(settings.mongo_url)
        self.database = self.client[settings.database]
        self.views = Views(self.database, [JOURNEYS])
        self.parking = Parking(self.database)
        master = FileMasterKey(settings.key_file)
        self.access = access_of(settings, SERVICE, self.database, master, self.clock)
        self.sign_in = sign_in_of(settings, SERVICE, self.database, master, self.clock, self.access.http)
        self.queries = Queries(
            journeys=self.views.collection(JOURNEYS.name),
            definitions=definitions_from((HERE / "rules" / "definitions.yaml").read_text(encoding="utf-8")),
            instruments=load(lambda name: (INSTRUMENTS / name).read_text(encoding="utf-8")),
            statistics=Statistics(),
            clock=self.clock,
        )
        self.ready = MajorityWrite(self.database)

    @property
    def handlers(self) -> dict[str, Handle]:
        """What is done with each topic."""
        return dict.fromkeys(TOPICS, journeys_handler(self.views))

    def parts(self) -> list[Part]:
        """Everything that runs beside HTTP."""
        handle = self.handlers[TOPICS[0]]
        consumer = Consumer(
            *(SERVICE, self.settings.kafka, GROUP, TOPICS), handle=handle, parking=self.parking, rest=REST_S
        )
        return [*self.access.parts, consumer]

    async def prepare(self) -> None:
        """Create every index before the first write."""
        await self.parking.ensure_indexes()
        await self.access.ensure_indexes()
        await self.sign_in.ensure_indexes()

    async def close(self) -> None:
        """Let go of the clients."""
        await self.sign_in.close()
        await self.access.http.aclose()
        await self.client.close()


def build(settings: Settings) -> FastAPI:
    """The whole service as one application."""
    service = Service(settings)
    return application(service, service.parts())


def application(service: Service, parts: Sequence[Part]) -> FastAPI:
    """The service's doors, with `parts` running behind them."""
    app = guarded_app(
        "Beside outcomes",
        service.access.guard(service.sign_in.authenticator),
        parts=parts,
        ready=service.ready,
        start=[service.prepare],
        stop=[service.close],
    )
    app.include_router(routes(service.queries))
    pages = Pages(TEMPLATES)
    app.include_router(page_routes(service.queries, pages))
    add_pages(app, service.settings, service.sign_in, pages)
    check_routes(app)
    return app
