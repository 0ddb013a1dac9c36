"""From what triage and support say to what a case hears: how far it got, and nothing else."""

from collections.abc import Sequence

from services.referral.domain.commands import HearStanding
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.referral import Standing
from shared.events.support import CaseOpened, MatchEnded, MatchMade, SupportEnded
from shared.events.triage import TriageCompleted

TOPICS = ("triage.events", "support.events")
HEARD = frozenset(event.wire for event in (TriageCompleted, CaseOpened, MatchMade, MatchEnded, SupportEnded))
BY_OUTCOME: dict[str, Standing] = {
    "accepted": "offered",
    "joint_plan": "offered",
    "project_manager_only": "offered",
    "declined": "declined",
    "withdrawn": "declined",
}


def to_inputs(recorded: Recorded) -> Sequence[HearStanding]:
    """What a case hears of an event; nothing of most."""
    standing = _standing(recorded.event)
    if standing is None or recorded.event.case is None:
        return ()
    return (HearStanding(recorded.event.case, standing, recorded.event.occurred_at),)


def _standing(event: Event) -> Standing | None:
    match event:
        case TriageCompleted():
            return BY_OUTCOME[event.outcome]
        case CaseOpened() | MatchEnded():
            return "waiting"
        case MatchMade():
            return "supported"
        case SupportEnded():
            return "ended"
        case _:
            return None
