"""Everything safeguarding does with a concern: this match is the service.

Rules come from SAFETY S1 to S5, S19 and S22; hours, rungs and lists from the ladder (`rules/ladder.yaml`).
"""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.safeguarding.domain.commands import (
    Acknowledge,
    CloseConcern,
    DeadlinePassed,
    Input,
    NotePage,
    RaiseConcern,
)
from services.safeguarding.domain.policy import Ladder
from services.safeguarding.domain.state import Acknowledged, Closed, Concern, Expected, Listed, NotRaised, Paged
from shared.events.codes import Level
from shared.events.event import Event
from shared.events.refusal import NotFound, Rejected
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

URGENCY: dict[Level, int] = {"history": 0, "today": 1, "now": 2}
Open = Listed | Expected | Paged | Acknowledged


def decide(asked: Input, state: Concern, /, *, now: datetime, ladder: Ladder) -> list[Event]:
    """The events that follow; [] stays quiet. Raises `Rejected` for a command that may not happen."""
    match asked:
        case RaiseConcern():
            return _raise(asked, state, now, ladder)
        case Acknowledge():
            return _acknowledge(asked, state, now, ladder)
        case CloseConcern():
            return _close(asked, state, now, ladder)
        case NotePage():
            return _note_page(asked, state, now)
        case DeadlinePassed():
            return _deadline(state, now, ladder)
        case _ as missed:
            assert_never(missed)


def _raise(asked: RaiseConcern, state: Concern, now: datetime, ladder: Ladder) -> list[Event]:
    match state:
        case NotRaised():
            raised = SafeguardingRaised(
                case=asked.case,
                occurred_at=min(asked.observed_at, now),
                signal_id=asked.signal_id,
                level=asked.level,
                routes=ladder.routes.get(asked.about, ()),
                about=asked.about,
                code=asked.code,
                device=asked.device,
            )
            return [raised, *_call(asked.level, asked.case, "raised", now, ladder)]
        case Closed():
            return []  # the same signal again; a new worry carries a new id
        case Listed() | Expected() | Paged() | Acknowledged():
            return _raise_again(asked.level, state, now, ladder)
        case _ as missed:
            assert_never(missed)


def _raise_again(level: Level, state: Open, now: datetime, ladder: Ladder) -> list[Event]:
    """The other path of the same signal changes nothing, unless it is more urgent: a level only rises (S5)."""
    if URGENCY[level] <= URGENCY[state.level]:
        return []
    raised = LevelRaised(case=state.case, occurred_at=now, level=level)
    if isinstance(state, Paged):
        return [raised]
    if isinstance(state, Acknowledged) and level != "now":
        return [raised]
    return [raised, *_call(level, state.case, "level_raised", now, ladder)]


def _call(level: Level, case: UUID | None, reason: str, now: datetime, ladder: Ladder) -> list[Event]:
    """What a level asks for at once: a page, an hour to page at, or only a place on the list (S5)."""
    match level:
        case "now":
            return _page(1, case, reason, now, ladder)
        case "today":
            return [AnswerExpected(case=case, occurred_at=now, answer_by=ladder.today_at(now=now))]
        case "history":
            return []


def _page(
    rung: int, case: UUID | None, reason: str, now: datetime, ladder: Ladder, answer_by: datetime | None = None
) -> list[Event]:
    return [
        PageRequested(
            case=case,
            occurred_at=now,
            ladder_level=rung,
            role=role,
            reason=reason,
            answer_by=answer_by or ladder.answer_by(rung, now=now),
        )
        for role in ladder.roles_of(rung)
    ]


def _acknowledge(asked: Acknowledge, state: Concern, now: datetime, ladder: Ladder) -> list[Event]:
    match state:
        case NotRaised():
            raise NotFound("safeguarding.no_such_concern", "There is no concern with this reference.")
        case Closed():
            raise Rejected("safeguarding.already_closed", "This concern is closed.")
        case Acknowledged() if (state.by_role, state.next_step, state.next_at) == (
            asked.by_role,
            asked.next_step,
            asked.next_at,
        ):
            return []
    if asked.next_step not in ladder.next_steps:
        raise Rejected("safeguarding.unknown_next_step", "The next step is not one of the list.")
    if not now < asked.next_at <= ladder.latest_next_at(now=now):
        hours = ladder.next_step_within_hours
        raise Rejected("safeguarding.next_at_out_of_reach", f"The next step must be due within {hours} hours from now.")
    return [
        SafeguardingAcknowledged(
            case=state.case,
            occurred_at=now,
            by_role=asked.by_role,
            next_step=asked.next_step,
            next_at=asked.next_at,
        )
    ]


def _close(asked: CloseConcern, state: Concern, now: datetime, ladder: Ladder) -> list[Event]:
    match state:
        case NotRaised():
            raise NotFound("safeguarding.no_such_concern", "There is no concern with this reference.")
        case Closed():
            raise Rejected("safeguarding.already_closed", "This concern is closed.")
        case Listed() | Expected() | Paged():
            raise Rejected("safeguarding.nobody_took_it", "Someone has to acknowledge the concern first.")
        case Acknowledged():
            pass
    if asked.reason not in ladder.close_reasons:
        raise Rejected("safeguarding.unknown_reason", "The reason is not one of the list.")
    if not asked.actions:
        raise Rejected("safeguarding.action_missing", "A concern closes only with a recorded action.")
    if not set(asked.actions) <= set(ladder.actions):
        raise Rejected("safeguarding.unknown_action", "An action is not one of the list.")
    return [SafeguardingClosed(case=state.case, occurred_at=now, reason=asked.reason, actions=asked.actions)]


def _note_page(asked: NotePage, state: Concern, now: datetime) -> list[Event]:
    if isinstance(state, NotRaised):
        return []
    return [
        PageSent(
            case=state.case,
            occurred_at=now,
            ladder_level=asked.ladder_level,
            role=asked.role,
            channel=asked.channel,
            delivered=asked.delivered,
        )
    ]


def _deadline(state: Concern, now: datetime, ladder: Ladder) -> list[Event]:
    match state:
        case Expected() if now >= state.answer_by:
            return _page(1, state.case, "untaken_today", now, ladder)
        case Paged() if now >= state.answer_by and state.rung < len(ladder.rungs):
            escalated = SafeguardingEscalated(case=state.case, occurred_at=now, level=state.rung + 1)
            return [escalated, *_page(state.rung + 1, state.case, "unanswered", now, ladder)]
        case Paged() if now >= state.answer_by:
            repeat = ladder.repeat_at(now=now)
            return _page(len(ladder.rungs), state.case, "still_unanswered", now, ladder, repeat)
        case Acknowledged() if now >= state.next_at:
            return _page(1, state.case, "next_step_overdue", now, ladder)
    return []
