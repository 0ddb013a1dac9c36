"""What triage makes of other services' events."""

from typing import Any
from uuid import UUID

import pytest

from services.triage.adapters.kafka import to_inputs
from services.triage.domain.commands import HearReferral, HearUpdate, HearWithdrawal, HearWorry
from services.triage.domain.react import react
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.referral import ReferralMerged, ReferralWithdrawn, ReferralWorryFlagged
from shared.events.support import CapacityChanged, SupportWorryFlagged
from shared.events.triage import TriageWorryFlagged
from tests.triage.cases import CASE, NOW, S1, completed, received, signal, updated

FLAG: dict[str, Any] = {
    "case": CASE,
    "occurred_at": NOW,
    "signal_id": S1,
    "about": "adult",
    "code": "401206008",
    "level": "now",
}


def recorded(event: Event) -> Recorded:
    """The event as it arrives."""
    return Recorded(
        event=event,
        event_id=S1,
        service="referral",
        stream=f"case/{CASE}",
        version=1,
        recorded_at=NOW,
        provider="nct",
        site="halton",
        cause=S1,
        epoch=0,
        commit="",
    )


@pytest.mark.parametrize(
    ("event", "inputs"),
    [
        (received(), [HearReferral(CASE, received())]),
        (updated(text_unread=True), [HearUpdate(CASE, updated(text_unread=True))]),
        (ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="x"), [HearWithdrawal(CASE, "x")]),
        (ReferralWorryFlagged(**FLAG, observed_at=NOW), [HearWorry(CASE, signal("now"))]),
        (SupportWorryFlagged(**FLAG, observed_at=NOW), [HearWorry(CASE, signal("now"))]),
        (SupportWorryFlagged(**{**FLAG, "case": None}, observed_at=NOW), []),
        (ReferralMerged(case=CASE, occurred_at=NOW, into=UUID(int=9)), []),
        (CapacityChanged(occurred_at=NOW, offer="group", free=2), []),
    ],
)
def test_an_upstream_event_asks_its_case(event, inputs):
    assert to_inputs(recorded(event)) == inputs


def test_a_worry_flagged_here_is_told_to_its_case_and_nothing_else_is():
    flagged = TriageWorryFlagged(**FLAG, observed_at=NOW)

    assert react(recorded(flagged)) == [HearWorry(CASE, signal("now"))]
    assert react(recorded(flagged.model_copy(update={"case": None}))) == []
    assert react(recorded(completed())) == []
