"""Which provider and site a case belongs to, heard from the other services; nothing else about it is kept here."""

from typing import Any

from shared.events.recorded import Recorded

NAME = "cases_v1"


def keys(recorded: Recorded) -> list[str]:
    """The case an event is about, if any."""
    return [str(recorded.event.case)] if recorded.event.case else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The first referral's site stands; before it, any service's word does."""
    if view and (view["by"] == "referral" or recorded.service != "referral"):
        return view
    return {"provider": recorded.provider, "site": recorded.site, "by": recorded.service}
