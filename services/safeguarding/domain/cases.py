"""Which provider and site a case belongs to, as its referral says; nothing else about it is kept here."""

from typing import Any

from shared.events.recorded import Recorded

NAME = "cases_v1"


def keys(recorded: Recorded) -> list[str]:
    """The case an event is about, if any."""
    return [str(recorded.event.case)] if recorded.event.case else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The first referral's site stands."""
    return view or {"provider": recorded.provider, "site": recorded.site}
