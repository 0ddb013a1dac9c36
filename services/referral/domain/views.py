"""What the list of sent referrals reads: one document per case, folded from referral's own events, without names."""

from collections.abc import Sequence
from typing import Any

from services.referral.domain.standing import Heard, status_of
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.referral import ConsentChanged, ReferralReceived, ReferralUpdated, ReferralWithdrawn, StandingHeard

SENT = "sent_v1"
View = dict[str, Any]


def keys(recorded: Recorded) -> Sequence[str]:
    """A case's own stream changes its document."""
    event = recorded.event
    return [str(event.case)] if event.case is not None and recorded.stream == f"case/{event.case}" else []


def project(view: View | None, recorded: Recorded) -> View:
    """The document after `recorded`; what came before the referral makes a document that no list shows."""
    before = view or {"received_at": None, "triage": None, "support": None, "withdrawn": False}
    after = {**before, **_change(before, recorded)}
    heard = Heard(after["triage"], after["support"])
    return {**after, "status": status_of(heard, withdrawn=after["withdrawn"]), "version": recorded.version}


def _change(view: View, recorded: Recorded) -> View:
    match recorded.event:
        case ReferralReceived() as received:
            return {
                "provider": recorded.provider,
                "site": recorded.site,
                "organisation": received.sent_by,
                "route": received.route,
                "text_unread": received.text_unread,
                "received_at": received.occurred_at,
            }
        case ReferralUpdated(text_unread=True):
            return {"text_unread": True}
        case ConsentChanged(scope=scope, given=given):
            return {"consents": {**view.get("consents", {}), scope: given}}
        case StandingHeard(status=status):
            heard = Heard(view["triage"], view["support"]).and_also(status)
            return {"triage": heard.triage, "support": heard.support}
        case other:
            return _withdrawal(other)


def _withdrawal(event: Event) -> View:
    return {"withdrawn": True} if isinstance(event, ReferralWithdrawn) else {}
