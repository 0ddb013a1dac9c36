"""The lead's list: one document per concern, with codes and times and nobody's identity."""

from typing import Any

from shared.events.recorded import Recorded
from shared.events.safeguarding import (
    AnswerExpected,
    LevelRaised,
    PageRequested,
    PageSent,
    SafeguardingAcknowledged,
    SafeguardingClosed,
    SafeguardingEscalated,
    SafeguardingRaised,
)

NAME = "concerns_v2"
MOST_PAGES_SHOWN = 50
OPEN = ("listed", "expected", "paged", "acknowledged")


def keys(recorded: Recorded) -> list[str]:
    """The concern an event is about."""
    return [recorded.stream.split("/", 1)[1]] if recorded.stream.startswith("concern/") else []


def project(view: dict[str, Any] | None, recorded: Recorded) -> dict[str, Any]:
    """The list's document after an event."""
    before = view or {"status": "listed", "pages": [], "rung": 0}
    return {**before, **_changes(before, recorded), "version": recorded.version}


def _changes(before: dict[str, Any], recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    match event:
        case SafeguardingRaised():
            return _raised(event, recorded)
        case LevelRaised():
            return {"level": event.level}
        case AnswerExpected():
            return {"status": "expected", "answer_by": event.answer_by}
        case PageRequested() | PageSent() | SafeguardingEscalated():
            return _asked(before, event)
        case SafeguardingAcknowledged() | SafeguardingClosed():
            return _answered(event)
        case _:
            return {}


def _asked(before: dict[str, Any], event: PageRequested | PageSent | SafeguardingEscalated) -> dict[str, Any]:
    match event:
        case PageRequested():
            return {"status": "paged", "rung": event.ladder_level, "answer_by": event.answer_by}
        case PageSent():
            sent = {"at": event.occurred_at, "role": event.role, "channel": event.channel, "delivered": event.delivered}
            return {"pages": [*before["pages"], sent][-MOST_PAGES_SHOWN:]}
        case SafeguardingEscalated():
            return {"escalated_at": event.occurred_at}


def _answered(event: SafeguardingAcknowledged | SafeguardingClosed) -> dict[str, Any]:
    match event:
        case SafeguardingAcknowledged():
            taken = {"by_role": event.by_role, "next_step": event.next_step, "next_at": event.next_at}
            return {"status": "acknowledged", "answer_by": event.next_at, **taken}
        case SafeguardingClosed():
            closed = {"reason": event.reason, "actions": list(event.actions), "closed_at": event.occurred_at}
            return {"status": "closed", "answer_by": None, **closed}


def _raised(event: SafeguardingRaised, recorded: Recorded) -> dict[str, Any]:
    return {
        "case": str(event.case) if event.case else None,
        "provider": recorded.provider,
        "site": recorded.site,
        "level": event.level,
        "about": event.about,
        "code": event.code,
        "device": str(event.device) if event.device else None,
        "routes": list(event.routes),
        "observed_at": event.occurred_at,
        "raised_at": recorded.recorded_at,
        "status": "listed",
    }
