"""Every input of intake and what follows from it: this file is the service."""

from datetime import datetime
from typing import assert_never

from services.referral.domain.commands import (
    CancelReferral,
    CaseInput,
    ChangeConsent,
    HearStanding,
    KeepRefusedWorry,
    KeepUnreadable,
    RaiseWorries,
    ReceiveReferral,
    RefusalInput,
    RefuseRequest,
    UpdateReferral,
    WithdrawReferral,
)
from services.referral.domain.state import (
    CANCELLED,
    Case,
    Closed,
    Fresh,
    Kept,
    Known,
    Offered,
    Received,
    Refusal,
    Refused,
    Request,
    Supported,
    Unknown,
    Waiting,
)
from services.referral.domain.worries import flagged
from shared.events.event import Event
from shared.events.referral import (
    ConsentChanged,
    ReferralReceived,
    ReferralRefused,
    ReferralUnreadable,
    ReferralUpdated,
    ReferralWithdrawn,
    StandingHeard,
)
from shared.events.refusal import NotFound, Rejected


def decide(asked: CaseInput, state: Case, /, *, now: datetime) -> list[Event]:
    """What follows for a case. Raises `Rejected` or `NotFound` for a command that may not happen."""
    match asked:
        case ReceiveReferral():
            return _receive(asked, state, now)
        case WithdrawReferral():
            return _withdraw(asked, state, now)
        case CancelReferral() | UpdateReferral() | RaiseWorries():
            return _say_later(asked, state, now)
        case ChangeConsent():
            return _consent(asked, state, now)
        case HearStanding():
            return _hear(asked, state)
        case _ as missed:
            assert_never(missed)


def _receive(asked: ReceiveReferral, state: Case, now: datetime) -> list[Event]:
    """Every worry is flagged, whatever else the referral says: no rule about fit is asked here (SAFETY S1)."""
    if not isinstance(state, Unknown):
        raise Rejected("referral.already_received", "This case has a referral already.")
    received = ReferralReceived(
        case=asked.case,
        occurred_at=now,
        programme=asked.programme,
        source=asked.source,
        route=asked.route,
        baby=asked.baby,
        conditions=asked.conditions,
        measures=asked.measures,
        preferences=asked.preferences,
        signals=tuple(worry.signal for worry in asked.worries),
        age_band=asked.age_band,
        text_unread=asked.text_unread,
        sent_by=asked.sent_by,
        heard_from=asked.heard_from,
    )
    return [received, *(flagged(worry, now, asked.case) for worry in asked.worries)]


def _hear(asked: HearStanding, state: Case) -> list[Event]:
    """Kept whatever the order, also for a case that is not known yet; hearing the same again changes nothing."""
    heard = state.heard if isinstance(state, Unknown) else state.referral.heard
    if heard.and_also(asked.standing) == heard:
        return []
    return [StandingHeard(case=asked.case, occurred_at=asked.happened_at, status=asked.standing)]


def _withdraw(asked: WithdrawReferral, state: Case, now: datetime) -> list[Event]:
    """Taken back twice is taken back once; one that others closed is over and cannot be taken back."""
    match state:
        case Received() | Offered() | Waiting() | Supported():
            return [ReferralWithdrawn(case=asked.case, occurred_at=now, reason=asked.reason)]
        case Closed(referral=referral) if referral.withdrawn:
            return []
        case Closed():
            raise Rejected("referral.already_closed", "This referral is closed.")
        case Unknown():
            raise NotFound("referral.unknown", "There is no such referral.")
        case _ as missed:
            assert_never(missed)


def _say_later(asked: CancelReferral | UpdateReferral | RaiseWorries, state: Case, now: datetime) -> list[Event]:
    """What the sender of a referral says of it later."""
    match asked:
        case CancelReferral():
            return _cancel(asked, state, now)
        case UpdateReferral():
            return _update(asked, state, now)
        case RaiseWorries():
            return _raise(asked, state, now)
        case _ as missed:
            assert_never(missed)


def _cancel(asked: CancelReferral, state: Case, now: datetime) -> list[Event]:
    """Only while nobody has decided on it: what moved on is for people to speak about (BaRS core, cancelling)."""
    own = _sent_by(asked.organisation, state)
    match own:
        case Received():
            return [ReferralWithdrawn(case=asked.case, occurred_at=now, reason=CANCELLED)]
        case Closed(referral=referral) if referral.cancelled:
            return []
        case Offered() | Waiting() | Supported() | Closed():
            raise Rejected("referral.moved_on", "This referral has moved on and cannot be cancelled.")
        case _ as missed:
            assert_never(missed)


def _update(asked: UpdateReferral, state: Case, now: datetime) -> list[Event]:
    """As long as it is open; how far others took it does not matter to what is known of her (BaRS core, updating)."""
    own = _sent_by(asked.organisation, state)
    match own:
        case Received() | Offered() | Waiting() | Supported():
            return [
                ReferralUpdated(
                    case=asked.case,
                    occurred_at=now,
                    baby=asked.baby,
                    conditions=asked.conditions,
                    measures=asked.measures,
                    age_band=asked.age_band,
                    text_unread=asked.text_unread,
                )
            ]
        case Closed():
            raise Rejected("referral.moved_on", "This referral is closed and cannot be updated.")
        case _ as missed:
            assert_never(missed)


def _consent(asked: ChangeConsent, state: Case, now: datetime) -> list[Event]:
    """Hers at any time, also when all is over (SAFETY S15); the same word again changes nothing."""
    if isinstance(state, Unknown):
        raise NotFound("referral.unknown", "There is no such referral.")
    if state.referral.consents.get(asked.scope) == asked.given:
        return []
    return [
        ConsentChanged(
            case=asked.case,
            occurred_at=now,
            scope=asked.scope,
            given=asked.given,
            how=asked.how,
            text_version=asked.text_version,
            by=asked.by,
        )
    ]


def _raise(asked: RaiseWorries, state: Case, now: datetime) -> list[Event]:
    """Whatever became of the referral, closed ones too (SAFETY S1); what was raised for it before is not (S6)."""
    known = _sent_by(asked.organisation, state).referral.worries
    return [flagged(worry, now, asked.case) for worry in asked.worries if worry.code not in known]


def _sent_by(organisation: str, state: Case) -> Known:
    """Its sender's own referral; one of another organisation is unknown to this one (SAFETY S18)."""
    if isinstance(state, Unknown) or state.referral.sent_by != organisation:
        raise NotFound("referral.unknown", "There is no such referral.")
    return state


def decide_request(asked: RefuseRequest, state: Request, /, *, now: datetime) -> list[Event]:
    """The first refusal of a request is kept and stays."""
    match state:
        case Fresh():
            return [
                ReferralRefused(occurred_at=now, status=asked.status, code=asked.code, organisation=asked.organisation)
            ]
        case Refused():
            return []
        case _ as missed:
            assert_never(missed)


def decide_refusal(asked: RefusalInput, state: Refusal, /, *, now: datetime) -> list[Event]:
    """What is kept of a message that was refused: its worry once, or that it could not be read once (SAFETY S27)."""
    match asked, state:
        case KeepRefusedWorry(), Kept(worries=raised) if asked.worry.signal_id in raised:
            return []
        case KeepRefusedWorry(), Fresh() | Kept():
            return [flagged(asked.worry, now), _fault(asked, now)]
        case KeepUnreadable(), Fresh():
            return [
                ReferralUnreadable(
                    occurred_at=now, status=asked.status, code=asked.code, organisation=asked.organisation
                )
            ]
        case KeepUnreadable(), Kept():
            return []
        case _ as missed:
            assert_never(missed)


def _fault(asked: KeepRefusedWorry, now: datetime) -> ReferralRefused:
    return ReferralRefused(occurred_at=now, status=asked.status, code=asked.code, organisation=asked.organisation)
