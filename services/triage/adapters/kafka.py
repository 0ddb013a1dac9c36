"""Events of other services as inputs of triage; an event that means nothing here gives none."""

from collections.abc import Sequence

from services.triage.domain.commands import CaseInput, HearReferral, HearUpdate, HearWithdrawal, HearWorry
from shared.events.codes import Signal
from shared.events.recorded import Recorded
from shared.events.referral import ReferralReceived, ReferralUpdated, ReferralWithdrawn, ReferralWorryFlagged
from shared.events.support import SupportWorryFlagged

TOPICS = ("referral.events", "support.events")
HEARD = frozenset(
    event.wire
    for event in (ReferralReceived, ReferralUpdated, ReferralWithdrawn, ReferralWorryFlagged, SupportWorryFlagged)
)


def to_inputs(recorded: Recorded) -> Sequence[CaseInput]:
    """What `recorded` asks of a case."""
    event = recorded.event
    if event.case is None:
        return []
    match event:
        case ReferralReceived():
            return [HearReferral(event.case, event)]
        case ReferralUpdated():
            return [HearUpdate(event.case, event)]
        case ReferralWithdrawn(reason=reason):
            return [HearWithdrawal(event.case, reason)]
        case ReferralWorryFlagged() | SupportWorryFlagged():
            return [HearWorry(event.case, Signal(signal_id=event.signal_id, code=event.code, level=event.level))]
        case _:
            return []
