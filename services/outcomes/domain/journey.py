"""One case's journey: the facts every service stated about it, kept apart by service and named by event.

Nothing is overwritten, so the order and number of deliveries cannot matter; every figure is read from these facts, as
at any date. An erased person keeps only what counts need: days, tags and items go, band, site and year stay.
"""

from datetime import UTC, datetime
from typing import Any

from shared.events.outcomes import OutcomesDataErased
from shared.events.recorded import Recorded
from shared.events.referral import PersonErased, ReferralMerged, ReferralReceived, ReferralWithdrawn
from shared.events.safeguarding import SafeguardingAcknowledged, SafeguardingClosed, SafeguardingRaised
from shared.events.support import AttendanceRecorded, MatchEnded, MatchMade, SessionLogged, SupportEnded
from shared.events.triage import MeasureRecorded, TriageCompleted, TriageRecommended

NAME = "journeys_v1"
KEPT = (
    *(ReferralReceived, ReferralWithdrawn, ReferralMerged, PersonErased),
    *(TriageRecommended, TriageCompleted, MeasureRecorded),
    *(MatchMade, MatchEnded, SessionLogged, AttendanceRecorded, SupportEnded),
    *(SafeguardingRaised, SafeguardingAcknowledged, SafeguardingClosed, OutcomesDataErased),
)
ERASING = {PersonErased.wire, OutcomesDataErased.wire}
COUNTS_NEED = {
    *("what", "site", "provider", "occurred_at", "recorded_at", "source", "route", "age_band", "urgency", "outcome"),
    *(
        "offer",
        "instrument",
        "version",
        "totals",
        "stage",
        "attended",
        "into",
        "repeat_of",
        "level",
        "reason",
        "review",
    ),
    *("measures",),
}


def keys(recorded: Recorded) -> list[str]:
    """The case whose journey an event belongs to; events about no case belong to none."""
    return [str(recorded.event.case)] if recorded.event.case and isinstance(recorded.event, KEPT) else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The journey with one more fact. Facts form a set: any order and any repeats give the same journey."""
    before = view or {"case": str(recorded.event.case), "facts": {}}
    facts = {service: dict(own) for service, own in before["facts"].items()}
    facts.setdefault(recorded.service, {})[str(recorded.event_id)] = _fact(recorded)
    if any(fact["what"] in ERASING for own in facts.values() for fact in own.values()):
        facts = {service: {name: _erased(fact) for name, fact in own.items()} for service, own in facts.items()}
    return {**before, "facts": facts}


def _fact(recorded: Recorded) -> dict[str, Any]:
    return {
        **recorded.event.data(),
        "what": recorded.event.wire,
        "occurred_at": recorded.event.occurred_at,
        "recorded_at": recorded.recorded_at,
        "provider": recorded.provider,
        "site": recorded.site,
    }


def _erased(fact: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in fact.items() if name in COUNTS_NEED}
    kept |= {name: _year(kept[name]) for name in ("occurred_at", "recorded_at")}
    if "measures" in kept:
        shown = ("instrument", "version", "totals")
        kept["measures"] = [{name: one[name] for name in shown} for one in kept["measures"]]
    return kept


def _year(moment: datetime) -> datetime:
    return datetime(moment.year, 1, 1, tzinfo=UTC)
