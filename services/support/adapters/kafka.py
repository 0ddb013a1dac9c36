"""Events of other services as inputs of support; an event that means nothing here gives none."""

from collections.abc import Sequence
from uuid import UUID

from services.support.domain.case.commands import (
    CaseInput,
    HearMatchingConsent,
    HearTextRead,
    HearTextUnread,
    HearTriage,
    HearWithdrawal,
)
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.referral import ConsentChanged, ReferralWithdrawn
from shared.events.triage import TextRead, TriageCompleted, UpdateHeard

TOPICS = ("triage.events", "referral.events", "safeguarding.events")
HEARD = frozenset(event.wire for event in (TriageCompleted, TextRead, UpdateHeard, ConsentChanged, ReferralWithdrawn))
OPENING = frozenset({"accepted", "joint_plan"})


def to_inputs(recorded: Recorded) -> Sequence[CaseInput]:
    """What `recorded` asks of a case."""
    event = recorded.event
    if event.case is None:
        return []
    match event:
        case TriageCompleted(outcome=outcome) if outcome in OPENING:
            return [HearTriage(event.case, event.offer, outcome == "joint_plan", event.text_unread, event.occurred_at)]
        case TextRead():
            return [HearTextRead(event.case)]
        case UpdateHeard(text_unread=True):
            return [HearTextUnread(event.case)]
        case other:
            return _of_referral(other, event.case)


def _of_referral(event: Event, case: UUID) -> Sequence[CaseInput]:
    match event:
        case ConsentChanged(scope="matching", given=given):
            return [HearMatchingConsent(case, given)]
        case ReferralWithdrawn(reason=reason):
            return [HearWithdrawal(case, reason)]
        case _:
            return []
