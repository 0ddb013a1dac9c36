"""Everything a case in support can be asked, in one match; it opens and ends only on a named person's word."""

from datetime import datetime
from typing import assert_never

from services.support.domain.case.commands import (
    CaseInput,
    EndSupport,
    FlagWorry,
    HearMatchingConsent,
    HearPlaceHeld,
    HearPlaceLapsed,
    HearTextRead,
    HearTextUnread,
    HearTriage,
    HearWithdrawal,
    LogSession,
    MakeMatch,
)
from services.support.domain.case.match import hear_held, hear_lapsed, make_match
from services.support.domain.case.session import log_session
from services.support.domain.case.state import Case, Ended, Flagged, Matched, Unflagged, Unopened, Worry
from services.support.domain.policy import Places
from shared.events.event import Event
from shared.events.refusal import Rejected
from shared.events.support import (
    CaseOpened,
    MatchEnded,
    MatchingConsentHeard,
    MatchRefused,
    SupportEnded,
    SupportWithdrawalHeard,
    SupportWorryFlagged,
    TextReadHeard,
    TextUnreadHeard,
)


def decide(asked: CaseInput, state: Case, /, *, now: datetime, rules: Places) -> list[Event]:
    """What follows from `asked` on the case's stream."""
    match asked:
        case HearTriage() | HearTextRead() | HearTextUnread() | HearMatchingConsent() | HearWithdrawal():
            return _hear(asked, state, now)
        case HearPlaceHeld():
            return hear_held(asked, state, now)
        case HearPlaceLapsed():
            return hear_lapsed(asked, state, now)
        case MakeMatch():
            return make_match(asked, state, now)
        case LogSession():
            return log_session(asked, state, now, rules)
        case EndSupport():
            return _end(asked, state, now)
        case _ as missed:
            assert_never(missed)


def decide_worry(asked: FlagWorry, state: Worry, /, *, now: datetime) -> list[Event]:
    """A worry is on record once, whatever else is wrong with the input it came in (SAFETY S3, S6)."""
    match state:
        case Unflagged():
            signal = asked.signal
            return [
                SupportWorryFlagged(
                    case=asked.case,
                    occurred_at=now,
                    signal_id=signal.signal_id,
                    about=asked.about,
                    code=signal.code,
                    level=signal.level,
                    observed_at=asked.observed_at,
                    device=asked.device,
                )
            ]
        case Flagged():
            return []
        case _ as missed:
            assert_never(missed)


def _hear(
    asked: HearTriage | HearTextRead | HearTextUnread | HearMatchingConsent | HearWithdrawal,
    state: Case,
    now: datetime,
) -> list[Event]:
    match asked:
        case HearTriage():
            return _open(asked, state)
        case HearTextRead():
            return [] if state.known.text_read else [TextReadHeard(case=asked.case, occurred_at=now)]
        case HearTextUnread():
            return [TextUnreadHeard(case=asked.case, occurred_at=now)]
        case HearMatchingConsent():
            return _agreed(asked, state, now)
        case HearWithdrawal():
            return _withdrawn(asked, state, now)
        case _ as missed:
            assert_never(missed)


def _open(asked: HearTriage, state: Case) -> list[Event]:
    if not isinstance(state, Unopened):
        return []
    return [
        CaseOpened(
            case=asked.case,
            occurred_at=asked.decided_at,
            offer=asked.offer,
            joint_plan=asked.joint_plan,
            text_unread=asked.text_unread,
        )
    ]


def _agreed(asked: HearMatchingConsent, state: Case, now: datetime) -> list[Event]:
    """A place kept for her is given back at once when she says no; a match that is made is a person's to end."""
    heard = MatchingConsentHeard(case=asked.case, occurred_at=now, given=asked.given)
    return [heard, *(_given_back(state, "no_consent", heard) if asked.given == "no" else [])]


def _withdrawn(asked: HearWithdrawal, state: Case, now: datetime) -> list[Event]:
    if state.known.withdrawn:
        return []
    heard = SupportWithdrawalHeard(case=asked.case, occurred_at=now, reason=asked.reason)
    return [heard, *_given_back(state, "referral_withdrawn", heard)]


def _end(asked: EndSupport, state: Case, now: datetime) -> list[Event]:
    if isinstance(state, Unopened):
        raise Rejected("support.case_not_open", "Nobody has accepted this case for peer support.")
    if isinstance(state, Ended):
        raise Rejected("support.already_ended", "Her support ended.")
    if not asked.by.partition("/")[2]:
        raise Rejected("support.needs_named_person", "Only a named person ends support.")
    if asked.held_back:
        raise Rejected("support.held_by_safeguarding", "Safeguarding holds this case, or did not answer.")
    ended = SupportEnded(case=asked.case, occurred_at=now, reason=asked.reason, review=asked.review, by=asked.by)
    match: list[Event] = []
    if isinstance(state, Matched):
        match = [MatchEnded(case=asked.case, occurred_at=now, volunteer=state.volunteer, reason=asked.reason)]
    return [*_given_back(state, "support_ended", ended), *match, ended]


def _given_back(state: Case, reason: str, because: Event) -> list[Event]:
    return [
        MatchRefused(case=because.case, occurred_at=because.occurred_at, volunteer=volunteer, reason=reason)
        for volunteer in state.known.places
    ]
