"""What a case hears of other services' events, and that most of them say nothing to it."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.referral.adapters.kafka import TOPICS, to_inputs
from services.referral.domain.commands import HearStanding
from shared.events.catalogue import CATALOGUE
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.support import CaseOpened, MatchEnded, MatchMade, SupportEnded
from shared.events.triage import TriageCompleted, TriageOutcome
from tests.events.samples import sample
from tests.referral.cases import CASE, NOW

V = UUID(int=3)
SPEAKS = {CaseOpened, MatchMade, MatchEnded, SupportEnded, TriageCompleted}


def recorded(event: Event, service: str = "support") -> Recorded:
    """The event in another service's journal."""
    stream = f"case/{event.case}"
    later = NOW + timedelta(minutes=1)
    return Recorded(event, UUID(int=1), service, stream, 1, later, "nct", "halton", UUID(int=2), 0, f"{stream}/1")


@pytest.mark.parametrize(
    ("outcome", "standing"),
    [
        ("accepted", "offered"),
        ("joint_plan", "offered"),
        ("project_manager_only", "offered"),
        ("declined", "declined"),
        ("withdrawn", "declined"),
    ],
)
def test_a_persons_decision_is_heard(outcome: TriageOutcome, standing: str) -> None:
    said = {"outcome": outcome, "reason": "fits", "decided_by": "project-manager/1", "rule_version": "1"}
    event = TriageCompleted.model_validate({"case": CASE, "occurred_at": NOW} | said)
    (heard,) = to_inputs(recorded(event, "triage"))
    assert (heard.case, heard.standing, heard.happened_at) == (CASE, standing, NOW)


@pytest.mark.parametrize(
    ("event", "standing"),
    [
        (CaseOpened(case=CASE, occurred_at=NOW), "waiting"),
        (MatchMade(case=CASE, occurred_at=NOW, volunteer=V, offer="group"), "supported"),
        (MatchEnded(case=CASE, occurred_at=NOW, volunteer=V, reason="moved"), "waiting"),
        (SupportEnded(case=CASE, occurred_at=NOW, reason="planned"), "ended"),
    ],
)
def test_how_far_support_took_her_is_heard(event: Event, standing: str) -> None:
    assert to_inputs(recorded(event)) == (HearStanding(CASE, standing, NOW),)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [one for one in CATALOGUE.values() if one not in SPEAKS], ids=lambda one: one.wire)
def test_everything_else_says_nothing_to_a_case(kind: type[Event]) -> None:
    assert to_inputs(recorded(sample(kind))) == ()


def test_an_event_without_a_case_says_nothing() -> None:
    assert to_inputs(recorded(MatchMade(case=None, occurred_at=NOW, volunteer=V, offer="group"))) == ()


def test_the_topics_heard_are_those_of_triage_and_support() -> None:
    assert TOPICS == ("triage.events", "support.events")
