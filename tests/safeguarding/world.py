"""One concern of made-up ids, and the shipped ladder and rota, for the safeguarding tests."""

from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any
from uuid import UUID

from services.safeguarding.domain.commands import KIND, Acknowledge, CloseConcern, DeadlinePassed, RaiseConcern
from services.safeguarding.domain.decide import decide
from services.safeguarding.domain.policy import Ladder, ladder_from
from services.safeguarding.domain.rota import Rota, rota_from
from services.safeguarding.domain.state import due, evolve, initial
from shared.events.codes import Level
from shared.events.ids import concern_id
from shared.events.safeguarding import PageRequested, SafeguardingAcknowledged, SafeguardingRaised
from shared.runtime.decider import Decider
from shared.testing.scenario import Scenario

SIGNAL = UUID("0b8f2f64-5d0e-4a57-9a1e-000000000001")
CASE = UUID("0b8f2f64-5d0e-4a57-9a1e-0000000000ca")
CONCERN = concern_id(SIGNAL)
STREAM = f"concern/{CONCERN}"
MONDAY_10 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NEXT = MONDAY_10 + timedelta(hours=2)


def shipped(name: str) -> str:
    """The text of a shipped rules file."""
    return files("services.safeguarding").joinpath("rules", name).read_text(encoding="utf-8")


LADDER: Ladder = ladder_from(shipped("ladder.yaml"))
ROTA: Rota = rota_from(shipped("rota.yaml"))
CONCERNS: Decider[Any, Any] = Decider(
    kind=KIND,
    initial=initial(),
    decide=partial(decide, ladder=LADDER),
    evolve=evolve,
    due=due,
    wake=DeadlinePassed,
)
concern = Scenario(CONCERNS)


def raise_it(level: Level = "now") -> RaiseConcern:
    """The worry of these tests at `level`."""
    return RaiseConcern(CONCERN, SIGNAL, CASE, level, "child", "in_danger/yes", MONDAY_10)


def raised(level: Level = "now") -> SafeguardingRaised:
    """What raising it records first."""
    return SafeguardingRaised(
        case=CASE,
        occurred_at=MONDAY_10,
        signal_id=SIGNAL,
        level=level,
        routes=("childrens-social-care",),
        about="child",
        code="in_danger/yes",
    )


def page(
    at: datetime,
    *,
    rung: int = 1,
    role: str = "primary",
    reason: str = "raised",
    within: timedelta = timedelta(minutes=5),
) -> PageRequested:
    """A page asked of one role."""
    return PageRequested(case=CASE, occurred_at=at, ladder_level=rung, role=role, reason=reason, answer_by=at + within)


def taken(at: datetime = MONDAY_10, next_at: datetime = NEXT) -> SafeguardingAcknowledged:
    """The newham lead took it."""
    return SafeguardingAcknowledged(
        case=CASE, occurred_at=at, by_role="safeguarding-lead/lead-newham", next_step="ring-her", next_at=next_at
    )


def take(next_step: str = "ring-her", next_at: datetime = NEXT) -> Acknowledge:
    """The newham lead takes it."""
    return Acknowledge(CONCERN, "safeguarding-lead/lead-newham", next_step, next_at)


def close(reason: str = "made-safe", actions: tuple[str, ...] = ("spoke-with-her",)) -> CloseConcern:
    """Someone closes it."""
    return CloseConcern(CONCERN, reason, actions)


def wake(at: datetime) -> DeadlinePassed:
    """The timer fires."""
    return DeadlinePassed(STREAM, at)
