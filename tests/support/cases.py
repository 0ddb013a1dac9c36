"""What the support tests share: the shipped numbers, one case, one volunteer and what may lie behind them."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from services.support.domain.case.commands import EndSupport, HearTriage, LogSession, MakeMatch
from services.support.domain.case.decide import decide as decide_case
from services.support.domain.case.decide import decide_worry
from services.support.domain.case.state import Unflagged, Unopened, evolve_worry
from services.support.domain.case.state import evolve as evolve_case
from services.support.domain.policy import places_from
from services.support.domain.volunteer.commands import DeadlinePassed, RegisterVolunteer
from services.support.domain.volunteer.decide import decide as decide_volunteer
from services.support.domain.volunteer.state import Unregistered, due
from services.support.domain.volunteer.state import evolve as evolve_volunteer
from shared.events.support import CaseOpened, MatchMade, PlaceHeard, PlaceHeld, VolunteerChanged
from shared.runtime.decider import Decider
from shared.testing.scenario import Scenario

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CASE, OTHER_CASE, THIRD_CASE = (UUID(int=n) for n in (1, 2, 3))
ANNA, BEA = (UUID(int=n) for n in (11, 12))
SESSION = UUID(int=21)
LPM = "project-manager/p-7"

RULES = places_from((Path(__file__).parents[2] / "services/support/rules/places.yaml").read_text("utf-8"))
UNTIL = NOW + RULES.hold
CASES: Decider[Any, Any] = Decider(
    kind="case", initial=Unopened(), decide=partial(decide_case, rules=RULES), evolve=evolve_case
)
VOLUNTEERS: Decider[Any, Any] = Decider(
    kind="volunteer",
    initial=Unregistered(),
    decide=partial(decide_volunteer, rules=RULES),
    evolve=evolve_volunteer,
    due=due,
    wake=DeadlinePassed,
)
WORRIES: Decider[Any, Any] = Decider(kind="worry", initial=Unflagged(), decide=decide_worry, evolve=evolve_worry)
cases, volunteers, worries = Scenario(CASES), Scenario(VOLUNTEERS), Scenario(WORRIES)


def changed(status: Any = "ready", cap: int = 2) -> VolunteerChanged:
    """Anna's standing."""
    return VolunteerChanged(occurred_at=NOW, status=status, gates=RULES.gates, cap=cap, can_give=("one-to-one",))


def held(case: UUID = CASE) -> PlaceHeld:
    """Anna's place, kept for a case."""
    return PlaceHeld(case=case, occurred_at=NOW, volunteer=ANNA, until=UNTIL)


def opened(**facts: Any) -> CaseOpened:
    """A case accepted for one-to-one support."""
    return CaseOpened(**{"case": CASE, "occurred_at": NOW, "offer": "one-to-one", **facts})


def place_heard(volunteer: UUID = ANNA) -> PlaceHeard:
    """The case knows of a kept place."""
    return PlaceHeard(case=CASE, occurred_at=NOW, volunteer=volunteer, until=UNTIL)


def made(volunteer: UUID = ANNA) -> MatchMade:
    """A match."""
    return MatchMade(case=CASE, occurred_at=NOW, volunteer=volunteer, offer="one-to-one")


def register(**facts: Any) -> RegisterVolunteer:
    """Anna is ready."""
    return RegisterVolunteer(ANNA, **{"gates": RULES.gates, "can_give": ("one-to-one",), **facts})


def hear_triage(**facts: Any) -> HearTriage:
    """A person accepted the case."""
    usual = {"offer": "one-to-one", "joint_plan": False, "text_unread": False, "decided_at": NOW}
    return HearTriage(CASE, **{**usual, **facts})


def match(volunteer: UUID = ANNA, **facts: Any) -> MakeMatch:
    """A match that safeguarding does not hold."""
    return MakeMatch(CASE, volunteer, **{"held_back": False, **facts})


def session(**facts: Any) -> LogSession:
    """An hour together, an hour ago."""
    usual = {"offer": "one-to-one", "channel": "face_to_face", "minutes": 60, "outcome": "took_place"}
    moment = {"attended": True, "held_at": NOW - timedelta(hours=1)}
    return LogSession(CASE, SESSION, **{**usual, **moment, **facts})


def end(**facts: Any) -> EndSupport:
    """A planned ending, reviewed with her."""
    return EndSupport(CASE, **{"reason": "goals_met", "review": True, "by": LPM, "held_back": False, **facts})
