"""Which provider and site a case belongs to and which organisation sent it, as its referral says; nothing else."""

from typing import Any

from shared.events.recorded import Recorded
from shared.events.referral import ReferralReceived

NAME = "cases_v1"


def keys(recorded: Recorded) -> list[str]:
    """The case an event is about, if any."""
    return [str(recorded.event.case)] if recorded.event.case else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The first referral's site stands."""
    sender = recorded.event.sent_by if isinstance(recorded.event, ReferralReceived) else None
    return view or {"provider": recorded.provider, "site": recorded.site, "organisation": sender}
