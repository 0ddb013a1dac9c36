"""Everything triage can be asked about a case, in one match; no input here can close or decline without a person."""

from datetime import datetime
from typing import assert_never

from services.triage.domain.commands import (
    CaseInput,
    DecideCase,
    FlagWorry,
    HearReferral,
    HearUpdate,
    HearWithdrawal,
    HearWorry,
    MarkTextRead,
    RecordMeasure,
)
from services.triage.domain.policy import (
    CLOSING,
    DECIDERS,
    OWN_WORDS,
    PLACED,
    Facts,
    Rules,
    latest_day,
    recommend,
    signposts_of,
)
from services.triage.domain.state import Awaiting, Case, Decided, Flagged, Unflagged, Unheard, Worry, evolve
from shared.events.event import Event
from shared.events.refusal import NotFound, Rejected
from shared.events.triage import (
    MeasureRecorded,
    ReferralHeard,
    TextRead,
    TriageCompleted,
    TriageRecommended,
    TriageWorryFlagged,
    UpdateHeard,
    WithdrawalHeard,
    WorryHeard,
)
from shared.instruments.score import BadMeasure, settled_totals


def decide(asked: CaseInput, state: Case, /, *, now: datetime, rules: Rules) -> list[Event]:
    """What follows from `asked` on the case's stream."""
    match asked:
        case HearReferral() | HearUpdate() | HearWorry() | HearWithdrawal():
            return _hear(asked, state, now, rules)
        case MarkTextRead():
            return _read(asked, _heard(state), now, rules)
        case DecideCase():
            return _complete(asked, _undecided(state), now, rules)
        case RecordMeasure():
            return _measure(asked, _heard(state), now, rules)
        case _ as missed:
            assert_never(missed)


def _hear(
    asked: HearReferral | HearUpdate | HearWorry | HearWithdrawal, state: Case, now: datetime, rules: Rules
) -> list[Event]:
    match asked:
        case HearReferral():
            return _referral(asked, state, now, rules)
        case HearUpdate():
            return _update(asked, state, now, rules)
        case HearWorry():
            return _worry(asked, state, now, rules)
        case HearWithdrawal():
            return _withdrawal(asked, state, now, rules)
        case _ as missed:
            assert_never(missed)


def _heard(state: Case) -> Awaiting | Decided:
    if isinstance(state, Unheard):
        raise NotFound("triage.unknown_case", "No referral with this id has arrived.")
    return state


def _undecided(state: Case) -> Awaiting:
    heard = _heard(state)
    if isinstance(heard, Decided):
        raise Rejected("triage.already_decided", "A person has decided this case.")
    return heard


def decide_worry(asked: FlagWorry, state: Worry, /, *, now: datetime) -> list[Event]:
    """A worry is on record once, whatever else is wrong with the input it came in (SAFETY S3, S6)."""
    match state:
        case Unflagged():
            signal = asked.signal
            return [
                TriageWorryFlagged(
                    case=asked.case,
                    occurred_at=now,
                    signal_id=signal.signal_id,
                    about=asked.about,
                    code=signal.code,
                    level=signal.level,
                    observed_at=asked.observed_at,
                )
            ]
        case Flagged():
            return []
        case _ as missed:
            assert_never(missed)


def _referral(asked: HearReferral, state: Case, now: datetime, rules: Rules) -> list[Event]:
    if not isinstance(state, Unheard):
        return []
    received = asked.received
    heard = ReferralHeard(
        case=asked.case,
        occurred_at=received.occurred_at,
        programme=received.programme,
        baby=received.baby,
        conditions=received.conditions,
        measures=received.measures,
        preferences=received.preferences,
        signals=received.signals,
        age_band=received.age_band,
        text_unread=received.text_unread,
    )
    return [heard, _advice(evolve(state, heard), now, rules)]


def _update(asked: HearUpdate, state: Case, now: datetime, rules: Rules) -> list[Event]:
    said = asked.updated
    heard = UpdateHeard(
        case=asked.case,
        occurred_at=said.occurred_at,
        baby=said.baby,
        conditions=said.conditions,
        measures=said.measures,
        age_band=said.age_band,
        text_unread=said.text_unread,
    )
    return [heard, *_advised_anew(evolve(state, heard), now, rules)]


def _worry(asked: HearWorry, state: Case, now: datetime, rules: Rules) -> list[Event]:
    signal = asked.signal
    known = {one.signal_id for one in state.worries}
    if isinstance(state, Awaiting):
        known |= {one.signal_id for one in state.heard.signals}
    if signal.signal_id in known:
        return []
    heard = WorryHeard(
        case=asked.case, occurred_at=now, signal_id=signal.signal_id, code=signal.code, level=signal.level
    )
    return [heard, *_advised_anew(evolve(state, heard), now, rules)]


def _withdrawal(asked: HearWithdrawal, state: Case, now: datetime, rules: Rules) -> list[Event]:
    if state.withdrawn:
        return []
    heard = WithdrawalHeard(case=asked.case, occurred_at=now, reason=asked.reason)
    return [heard, *_advised_anew(evolve(state, heard), now, rules)]


def _read(asked: MarkTextRead, state: Awaiting | Decided, now: datetime, rules: Rules) -> list[Event]:
    if not state.text_unread:
        return []
    read = TextRead(case=asked.case, occurred_at=now, by=asked.by)
    return [read, *_advised_anew(evolve(state, read), now, rules)]


def _complete(asked: DecideCase, state: Awaiting, now: datetime, rules: Rules) -> list[Event]:
    role, _, person = asked.decided_by.partition("/")
    if role not in DECIDERS or not person:
        raise Rejected("triage.needs_named_person", "A triage worker or project manager decides, by name.")
    if asked.reason not in {*rules.reasons, OWN_WORDS}:
        raise Rejected("triage.unknown_reason", "The reason is not one of the list; words are kept as words.")
    unread = state.text_unread and not asked.text_read
    if unread and asked.outcome in CLOSING:
        raise Rejected("triage.text_unread", "Read what came with the referral before you close it.")
    programme = rules.programme(state.heard.programme)
    if asked.offer is not None and (asked.outcome not in PLACED or programme.offer(asked.offer) is None):
        raise Rejected("triage.offer_not_possible", "This outcome or programme has no such offer.")
    read: list[Event] = (
        [TextRead(case=asked.case, occurred_at=now, by=asked.decided_by)] if state.text_unread and not unread else []
    )
    completed = TriageCompleted(
        case=asked.case,
        occurred_at=now,
        outcome=asked.outcome,
        offer=asked.offer,
        reason=asked.reason,
        decided_by=asked.decided_by,
        rule_version=programme.rule_version,
        signposts=signposts_of(state.advice, asked.reason, programme) if asked.outcome == "declined" else (),
        text_unread=unread,
    )
    return [*read, completed]


def _measure(asked: RecordMeasure, state: Awaiting | Decided, now: datetime, rules: Rules) -> list[Event]:
    measure = asked.measure
    instrument = rules.instruments.get(measure.instrument)
    if instrument is None or instrument.version != measure.version:
        raise Rejected("triage.unknown_instrument", "No such questionnaire or version.")
    if asked.taken_on > latest_day(now):
        raise Rejected("triage.measure_in_future", "taken_on lies in the future.")
    try:
        totals = settled_totals(instrument, items=measure.items, totals=measure.totals)
    except BadMeasure as bad:
        raise Rejected("triage.measure_invalid", str(bad)) from None
    if not (totals or measure.items):
        raise Rejected("triage.measure_empty", "Neither items nor totals were given.")
    recorded = MeasureRecorded(
        case=asked.case,
        occurred_at=now,
        instrument=measure.instrument,
        version=measure.version,
        items=measure.items,
        totals=totals,
        stage=asked.stage,
        taken_on=measure.taken_on,
        by=asked.by,
    )
    return [recorded, *_advised_anew(evolve(state, recorded), now, rules)]


def _advised_anew(state: Case, now: datetime, rules: Rules) -> list[Event]:
    if not isinstance(state, Awaiting):
        return []
    advice = _advice(state, now, rules)
    before = state.advice.data() if state.advice else None
    return [] if advice.data() == before else [advice]


def _advice(state: Case, now: datetime, rules: Rules) -> TriageRecommended:
    if not isinstance(state, Awaiting):
        raise TypeError("only a case that awaits a decision is advised on")
    facts = Facts(state.heard, state.worries, state.measures, state.withdrawn, state.text_unread)
    return recommend(facts, rules, now=now)
