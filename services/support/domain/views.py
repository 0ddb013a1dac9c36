"""What pages read: volunteers with their places, and cases; free places are counted when asked, never kept."""

from collections.abc import Sequence
from typing import Any

from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.support import (
    AttendanceRecorded,
    CaseOpened,
    MatchEnded,
    MatchingConsentHeard,
    MatchMade,
    PlaceHeld,
    PlaceReleased,
    PlaceTaken,
    SessionLogged,
    SupportEnded,
    SupportWithdrawalHeard,
    TextReadHeard,
    TextUnreadHeard,
    VolunteerChanged,
)

VOLUNTEERS = "volunteers_v1"
CASES = "cases_v1"
View = dict[str, Any]


def volunteer_keys(recorded: Recorded) -> Sequence[str]:
    """A volunteer's own stream changes her document."""
    kind, _, volunteer = recorded.stream.partition("/")
    return [volunteer] if kind == "volunteer" else []


def case_keys(recorded: Recorded) -> Sequence[str]:
    """A case's own stream changes its document."""
    kind, _, case = recorded.stream.partition("/")
    return [case] if kind == "case" else []


def project_volunteer(view: View | None, recorded: Recorded) -> View:
    """A volunteer's standing and her places, by case."""
    before = view or {"provider": recorded.provider, "site": recorded.site, "places": {}}
    return {**before, **_volunteer_change(before, recorded.event), "version": recorded.version}


def _volunteer_change(view: View, event: Event) -> View:
    places: dict[str, Any] = view["places"]
    case = str(event.case)
    match event:
        case VolunteerChanged() as changed:
            return changed.data()
        case PlaceHeld(until=until):
            return {"places": {**places, case: {"status": "held", "until": until}}}
        case PlaceTaken():
            return {"places": {**places, case: {"status": "taken"}}}
        case PlaceReleased():
            return {"places": {kept: place for kept, place in places.items() if kept != case}}
        case _:
            return {}


def free_places(view: View) -> int:
    """How many people more she may take now."""
    return max(0, int(view["cap"]) - len(view["places"])) if view.get("status") == "ready" else 0


def project_case(view: View | None, recorded: Recorded) -> View:
    """A case's status, volunteer and sessions."""
    before = view or {
        "case": str(recorded.event.case),
        "provider": recorded.provider,
        "site": recorded.site,
        "status": "unopened",
        "volunteer": None,
        "sessions": {},
        "attended": {},
    }
    return {**before, **_case_change(before, recorded.event), "version": recorded.version}


def _case_change(view: View, event: Event) -> View:
    match event:
        case CaseOpened() as opened:
            return {**opened.data(), "status": "open", "opened_at": opened.occurred_at}
        case MatchMade(volunteer=volunteer, offer=offer, occurred_at=at):
            return {"status": "matched", "volunteer": str(volunteer), "offer": offer, "matched_at": at}
        case MatchEnded():
            return {"status": "open", "volunteer": None}
        case SupportEnded(reason=reason, review=review, occurred_at=at):
            return {"status": "ended", "volunteer": None, "reason": reason, "review": review, "ended_at": at}
        case SessionLogged() as logged:
            return {"sessions": {**view["sessions"], str(logged.session): {**logged.data(), "at": logged.occurred_at}}}
        case _:
            return _heard(view, event)


def _heard(view: View, event: Event) -> View:
    match event:
        case AttendanceRecorded(session=session, attended=attended):
            return {"attended": {**view["attended"], str(session): attended}}
        case SupportWithdrawalHeard():
            return {"withdrawn": True}
        case TextReadHeard():
            return {"text_unread": False}
        case MatchingConsentHeard(given=given):
            return {"refuses_match": given == "no"}
        case TextUnreadHeard():
            return {"text_unread": True}
        case _:
            return {}
