"""What support makes of other services' events."""

import pytest

from services.support.adapters.kafka import to_inputs
from services.support.domain.case.commands import HearMatchingConsent, HearTextRead, HearTextUnread, HearWithdrawal
from shared.events.referral import ConsentChanged, ReferralWithdrawn
from shared.events.triage import TextRead, TriageCompleted, UpdateHeard
from tests.support.cases import CASE, LPM, NOW, hear_triage
from tests.triage.test_kafka import recorded


def decided(outcome, **facts) -> TriageCompleted:
    """A decision."""
    usual = {"case": CASE, "occurred_at": NOW, "reason": "fits", "decided_by": LPM, "rule_version": "p/1"}
    return TriageCompleted(**{**usual, "outcome": outcome, "offer": "one-to-one", **facts})


@pytest.mark.parametrize(
    ("event", "inputs"),
    [
        (decided("accepted"), [hear_triage()]),
        (decided("joint_plan", text_unread=True), [hear_triage(joint_plan=True, text_unread=True)]),
        (decided("project_manager_only"), []),  # R46: no volunteer can be offered
        (decided("declined"), []),
        (decided("withdrawn"), []),
        (TextRead(case=CASE, occurred_at=NOW, by=LPM), [HearTextRead(CASE)]),
        (UpdateHeard(case=CASE, occurred_at=NOW, text_unread=True), [HearTextUnread(CASE)]),
        (UpdateHeard(case=CASE, occurred_at=NOW), []),
        (ConsentChanged(case=CASE, occurred_at=NOW, scope="matching", given="no"), [HearMatchingConsent(CASE, "no")]),
        (ConsentChanged(case=CASE, occurred_at=NOW, scope="tell_ended", given="no"), []),
        (ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="x"), [HearWithdrawal(CASE, "x")]),
    ],
)
def test_an_upstream_event_asks_its_case(event, inputs):
    assert to_inputs(recorded(event)) == inputs
