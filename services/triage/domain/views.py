"""The worklist: one document per case, most urgent first, folded from triage's own events."""

from collections.abc import Sequence
from typing import Any

from services.triage.domain.policy import ORDER, rank
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.triage import (
    MeasureRecorded,
    ReferralHeard,
    TextRead,
    TriageCompleted,
    TriageRecommended,
    UpdateHeard,
    WithdrawalHeard,
)

WORKLIST = "worklist_v1"
UNHEARD = "unheard"
"""Of a document whose referral has not arrived; it is shown to nobody."""
LAST = len(ORDER) * 2
View = dict[str, Any]


def keys(recorded: Recorded) -> Sequence[str]:
    """A case's own stream changes its document; a worry's stream reaches it through the case's reaction."""
    event = recorded.event
    return [str(event.case)] if event.case is not None and recorded.stream == f"case/{event.case}" else []


def project(view: View | None, recorded: Recorded) -> View:
    """The document after `recorded`; what came before the referral makes a document that is shown to nobody."""
    before = view or {
        "case": str(recorded.event.case),
        "provider": recorded.provider,
        "site": recorded.site,
        "status": UNHEARD,
        "rank": LAST,
        "urgency": None,
        "text_unread": False,
        "measures": [],
    }
    return {**before, **_change(before, recorded), "version": recorded.version}


def _change(view: View, recorded: Recorded) -> View:
    match recorded.event:
        case ReferralHeard(programme=programme, text_unread=unread, occurred_at=at):
            unread = unread or bool(view["text_unread"])
            received = {"status": "awaiting", "programme": programme, "text_unread": unread, "received_at": at}
            return {**received, "provider": recorded.provider, "site": recorded.site}
        case TriageRecommended() as advised:
            return {**advised.data(), "rank": rank(advised.urgency, text_unread=bool(view["text_unread"]))}
        case TriageCompleted() as completed:
            return {**completed.data(), "status": "decided", "rank": LAST, "decided_at": completed.occurred_at}
        case MeasureRecorded() as measured:
            kept = measured.data()
            return {"measures": [*view["measures"], {name: kept[name] for name in _SHOWN}]}
        case other:
            return _word(view, other)


def _word(view: View, event: Event) -> View:
    match event:
        case UpdateHeard(text_unread=True):
            return _to_be_read(view)
        case TextRead():
            return _read(view)
        case WithdrawalHeard():
            return {"withdrawn": True}
        case _:
            return {}


def _to_be_read(view: View) -> View:
    """A decided case comes back among those that wait, because nobody reads what nobody is shown (SAFETY S4)."""
    again = view["status"] == "decided" and view["urgency"] is not None
    return {"text_unread": True} | ({"rank": rank(view["urgency"], text_unread=True)} if again else {})


def _read(view: View) -> View:
    """A decided case that was only waiting for its reader goes to the end again."""
    return {"text_unread": False} | ({"rank": LAST} if view["status"] == "decided" else {})


_SHOWN = ("instrument", "version", "totals", "stage", "taken_on")
