"""A session that happened is never refused: what does not add up is kept as "to be corrected" (SAFETY S3)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.support.domain.case.commands import LogSession
from services.support.domain.case.state import Case, Ended, Matched, Unopened
from services.support.domain.policy import Places
from shared.events.event import Event
from shared.events.support import AttendanceRecorded, SessionLogged

TO_BE_CORRECTED: Literal["to_be_corrected"] = "to_be_corrected"


def log_session(asked: LogSession, state: Case, now: datetime, rules: Places) -> list[Event]:
    """The session and whether she came; the same session again only where it corrects what was faulty."""
    faults = faults_in(asked, state, now, rules)
    before = state.known.sessions.get(asked.session)
    if before is not None and (before != TO_BE_CORRECTED or faults):
        return []
    at = min(asked.held_at, now)
    logged = SessionLogged(
        case=asked.case,
        occurred_at=at,
        session=asked.session,
        offer=asked.offer,
        channel=asked.channel,
        minutes=asked.minutes,
        by=_led_by(asked, state),
        outcome=TO_BE_CORRECTED if faults else asked.outcome,
        reasons=(*asked.reasons, *(f"fault/{fault}" for fault in faults)),
    )
    reason = asked.reasons[0] if asked.reasons and not asked.attended else None
    came = AttendanceRecorded(
        case=asked.case, occurred_at=at, session=asked.session, attended=asked.attended, reason=reason
    )
    return [logged, came]


def faults_in(asked: LogSession, state: Case, now: datetime, rules: Places) -> tuple[str, ...]:
    """What a person must put right: fields nobody could read, and what the case or the clock contradicts."""
    checks = {
        "case_not_open": isinstance(state, Unopened),
        "support_ended": isinstance(state, Ended),
        "held_at": asked.held_at > now + rules.clock_error,
        "minutes": asked.minutes > rules.session_minutes_most,
        "attended": asked.attended and asked.outcome != "took_place",
    }
    return tuple(dict.fromkeys([*asked.faults, *(name for name, wrong in checks.items() if wrong)]))


def _led_by(asked: LogSession, state: Case) -> tuple[UUID, ...]:
    if asked.by is not None:
        return (asked.by,)
    return (state.volunteer,) if isinstance(state, Matched) else ()
