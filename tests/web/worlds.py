"""The services' own pages over made-up answers: what they look like needs neither MongoDB nor Kafka."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request

from services.outcomes.adapters.pages import TEMPLATES as FIGURES_TEMPLATES
from services.outcomes.adapters.pages import page_routes as figures_pages
from services.outcomes.adapters.queries import Queries as Figures
from services.safeguarding.adapters.card_http import card_routes
from services.safeguarding.adapters.http import Doors
from services.safeguarding.adapters.http import routes as lead_routes
from services.safeguarding.adapters.opening import Opened
from services.safeguarding.adapters.pages import TEMPLATES as LEAD_TEMPLATES
from services.safeguarding.adapters.pages import page_routes as lead_pages
from services.safeguarding.adapters.passes import caller_of
from services.safeguarding.adapters.queries import Live, shown
from services.safeguarding.adapters.queries import Queries as Concerns
from services.safeguarding.domain.card import Card, rules_from
from services.safeguarding.domain.views import project
from shared.access.app import check_routes, guarded_app
from shared.access.caller import Caller
from shared.access.glass.kept import BrokenGlass, Glass, UnknownReason
from shared.access.glass.rules import glass_rules
from shared.access.guard import Guard
from shared.access.policy.table import Operation
from shared.access.viewer import Viewer
from shared.access.wiring import policy
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.runtime.clock import SystemClock
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.issuer import bearer
from shared.web.app import dress
from shared.web.break_glass import break_glass_routes
from shared.web.headers import PageSettings
from shared.web.pages import HERE, Pages
from tests.safeguarding.world import LADDER, ROTA, page, raised, shipped

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SITES = ("coventry-warwickshire", "halton", "newham")


def lead() -> dict[str, str]:
    """The lead's proof, made when it is used."""
    return bearer("safeguarding-lead/lead-newham")


def evaluator() -> dict[str, str]:
    """The evaluator's."""
    return bearer("evaluator/rosa")


def concern(number: int, *events: Event, site: str = "newham") -> dict[str, Any]:
    """One concern as the list has it after these events: the service's own projection makes it."""
    name = UUID(f"8f62d{number:03}-0000-4000-8000-{number:012}")
    document: dict[str, Any] | None = None
    for version, event in enumerate(events or (raised(), page(NOW)), 1):
        recorded = Recorded(
            event, name, "safeguarding", f"concern/{name}", version, NOW, "nct", site, name, 0, f"concern/{name}"
        )
        document = project(document, recorded)
    phone = (document or {}).get("device")
    return shown({**(document or {}), "_id": str(name)}, {phone: NOW} if phone else {})


class MadeUpConcerns:
    """Answers what the lead's pages ask."""

    def __init__(self, concerns: list[dict[str, Any]]) -> None:
        self.concerns = concerns

    async def listed(self, _reach: Any, **_: Any) -> list[dict[str, Any]]:
        """The list."""
        return self.concerns

    async def one(self, wanted: Any) -> dict[str, Any] | None:
        """One of them."""
        return next((one for one in self.concerns if one["id"] == str(wanted)), None)


async def ready() -> bool:
    """Always."""
    return True


class MadeUpOpening:
    """Opens the same card for everybody."""

    def __init__(self, opened: Opened) -> None:
        self.rules = rules_from(shipped("card.yaml")).model_copy(update={"look_again_seconds": 60})
        self.opened = opened

    async def open(self, *_: Any) -> Opened:
        """The card."""
        return self.opened


async def knows_her_code(request: Request, operation: Operation) -> Caller | None:
    """Whoever looks has typed her own code before."""
    return caller_of("safeguarding-lead/lead-newham") if operation.own_code else None


NOBODY = Opened("nobody", Card(), ())


def safeguarding(concerns: list[dict[str, Any]], opened: Opened = NOBODY) -> FastAPI:
    """Safeguarding's pages and its live stream over these concerns, each with this card."""
    queries = cast(Concerns, MadeUpConcerns(concerns))
    clock = HandClock(NOW)
    rest: dict[str, Any] = dict.fromkeys(("executor", "inbox", "raising", "taking", "vault", "digest"))
    opening = MadeUpOpening(opened)
    known = {
        "opening": opening,
        "passes": None,
        "queries": queries,
        "live": Live(queries),
        "ladder": LADDER,
        "rota": ROTA,
        "clock": clock,
    }
    doors = cast(Doors, SimpleNamespace(**rest, **known))
    app = guarded_app(
        "Safeguarding", memory_guard("safeguarding", SystemClock(), None, knows_her_code), parts=[], ready=ready
    )
    dress(app, PageSettings(clock=clock))
    own = Pages(LEAD_TEMPLATES, title_end="")
    app.include_router(own.routes())
    app.include_router(lead_routes(doors))
    app.include_router(card_routes(doors))
    app.include_router(lead_pages(doors, own))
    check_routes(app)
    return app


class Broken:
    """A guard's glasses: broken by everybody, or by nobody."""

    def __init__(self, glass: Glass | None) -> None:
        self.glass = glass
        self.rules = glass_rules()

    async def of(self, _: Caller) -> Glass | None:
        """Hers."""
        return self.glass

    async def begin(self, *_: Any) -> Glass:
        """Never for the right reason."""
        raise UnknownReason("access.unknown_reason", "Not one of the list.")


async def signed_in(request: Request, operation: Operation) -> Caller:
    """A project manager with a session."""
    roles = ("project-manager",)
    request.state.viewer = Viewer(roles[0], roles, "nct", ("newham",), "made-up-token", None, None)
    return Caller("person", "pm-1", roles[0], "session", roles, "nct", ("newham",))


def beyond(glass: Glass | None) -> FastAPI:
    """The page on which somebody reaches beyond her own records, before and while she does."""
    clock, glasses = HandClock(NOW), Broken(glass)
    guard = Guard(policy(), [signed_in], MemoryAudit(), clock, glasses=glasses)
    app = guarded_app("Triage", guard, parts=[], ready=ready)
    dress(app, PageSettings(clock=clock))
    pages = Pages(HERE / "templates")
    app.include_router(pages.routes())
    app.include_router(break_glass_routes(cast(BrokenGlass, glasses), pages))
    check_routes(app)
    return app


class MadeUpFigures:
    """Answers what the figures' page asks."""

    def __init__(self, people: int) -> None:
        self.people = people

    def as_at(self, *_: Any) -> None:
        """Now."""

    async def funnel(self, _cut: Any, _reach: Any, *, site: str | None) -> dict[str, Any]:
        """A funnel by site."""
        stages: list[dict[str, Any]] = [
            {"name": "referred", "n": self.people, "of": None, "percent": None},
            {"name": "supported", "n": self.people // 2, "of": self.people, "percent": 50},
            {"name": "followed_up", "n": self.people // 3, "of": self.people, "percent": 33},
        ]
        words = {
            "referred": "A referral was received.",
            "supported": "At least one session or group was attended.",
            "followed_up": "A questionnaire was answered at the end.",
        }
        change = "Lower is better. Change is after minus before."
        definitions = {"change": change, "stages": words, "version": "2026-11-1", "source": "made up for looking at"}
        times = {"as_at": "2026-11-23T14:00:00Z", "known_at": "2026-11-23T14:00:00Z"}
        return {"stages": stages, "sites": dict.fromkeys(SITES, stages), "definitions": definitions, **times}

    async def change(self, _cut: Any, _reach: Any, *, instrument: str, scale: str, site: str | None) -> dict[str, Any]:
        """The pilot's own figures, or too few."""
        if self.people < 8:
            note = "Too few: no mean below 8 people with both questionnaires."
            return {"scale": scale, "n": self.people, "too_few": True, "note": note}
        moved = {"n": 69, "of": 103, "percent": 67}
        means = {"mean_before": 13.07, "mean_after": 10.53, "mean_change": -2.53, "sd_of_change": 3.7}
        bands = {"band_before": "clinically_significant", "band_after": "mild", "ci95": [-3.26, -1.81], "p": "p<0.0001"}
        return {
            "scale": scale,
            "n": 103,
            "too_few": False,
            **means,
            **bands,
            "lower": moved,
            "equal": moved,
            "higher": moved,
        }


def outcomes(people: int = 260) -> FastAPI:
    """The figures' page over made-up figures."""
    app = guarded_app("Outcomes", memory_guard("outcomes", SystemClock()), parts=[], ready=ready)
    dress(app, PageSettings(clock=HandClock(NOW)))
    pages = Pages(FIGURES_TEMPLATES)
    app.include_router(pages.routes())
    app.include_router(figures_pages(cast(Figures, MadeUpFigures(people)), pages))
    check_routes(app)
    return app
