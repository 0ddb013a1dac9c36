"""Triage's rules: risk first, then what is missing, who must look, and which offers fit, each with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.events.codes import Level, Measure, OfferAdvice, Signal
from shared.events.triage import ReferralHeard, TriageRecommended, Urgency
from shared.instruments.model import Instrument
from shared.instruments.score import BadMeasure, score
from shared.programmes.eligibility import Eligible, assess
from shared.programmes.model import Offer, Programme, RequiredMeasure, RiskLevels
from shared.programmes.risk import signals_in

URGENCY_OF_LEVEL: Mapping[Level, Urgency] = {"now": "now", "today": "today", "history": "review"}  # SAFETY S5
ORDER: tuple[Urgency, ...] = ("now", "today", "review", "routine")
OWN_WORDS = "in_own_words"
"""In place of a reason given in words, which only the vault holds."""
DECIDERS = frozenset({"triage-worker", "project-manager"})  # the roles that decide a case
PLACED = frozenset({"accepted", "joint_plan"})  # outcomes that lead to an offer of peer support
CLOSING = frozenset({"declined", "withdrawn"})  # outcomes after which nobody looks at the case again
UNDER_18 = frozenset({"under_13", "13_to_15", "16_to_17"})  # SAFETY S8
MISSING = {"stage_missing": "baby", "birth_date_in_future": "baby", "due_date_implausible": "baby"}
UNKNOWN_PROGRAMME = "unknown_programme"


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything triage decides by, as loaded data; `usual` is the programme of a referral that names none,
    `reasons` the codes a decision may give.
    """

    programmes: Mapping[str, Programme]
    risk: RiskLevels
    instruments: Mapping[str, Instrument]
    usual: str
    reasons: frozenset[str]

    def programme(self, asked: str | None) -> Programme:
        """The programme whose rules apply; an unknown name falls back to the usual one, and a person is asked."""
        return self.programmes.get(asked or self.usual) or self.programmes[self.usual]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case when it is looked at."""

    heard: ReferralHeard
    worries: tuple[Signal, ...] = ()
    measures: tuple[Measure, ...] = ()
    withdrawn: bool = False
    text_unread: bool = False


def recommend(facts: Facts, rules: Rules, *, now: datetime) -> TriageRecommended:
    """What the rules advise at `now`; risk is settled before eligibility is looked at (SAFETY S1, S2)."""
    urgency = urgency_of(facts, rules)
    programme = rules.programme(facts.heard.programme)
    eligible = assess(programme, baby=facts.heard.baby, conditions=facts.heard.conditions, day=now.date())
    bands = band_reasons(programme, facts.measures, rules.instruments)
    known = facts.heard.programme in (None, programme.id)
    return TriageRecommended(
        case=facts.heard.case,
        occurred_at=now,
        urgency=urgency,
        offers=tuple(advice_on(offer, eligible, facts.heard, bands) for offer in programme.offers) if known else (),
        missing=_missing(programme, eligible, facts.measures),
        needs_person=_needs_person(facts, programme, eligible, rules),
        rule_version=programme.rule_version,
    )


def urgency_of(facts: Facts, rules: Rules) -> Urgency:
    """The highest urgency anything asks for; adding a fact never lowers it. Unread words are never routine (S4)."""
    heard = facts.heard
    found = signals_in(
        rules.risk, conditions=heard.conditions, measures=facts.measures, age_band=heard.age_band
    )  # the edge assigned levels already; looking again can only raise
    asked: list[Urgency] = [URGENCY_OF_LEVEL[level] for _, level in found]
    asked += [URGENCY_OF_LEVEL[signal.level] for signal in (*heard.signals, *facts.worries)]
    programme = rules.programme(heard.programme)
    paused = set(heard.conditions) & set(programme.conditions.pause_rules)
    if paused:
        asked.append("today")  # a same-day task for the project manager (SAFETY S7)
    if facts.text_unread or facts.withdrawn or set(heard.conditions) & set(programme.conditions.review):
        asked.append("review")
    if heard.programme not in (None, programme.id):
        asked.append("review")
    return most_urgent(asked)


def most_urgent(asked: Iterable[Urgency]) -> Urgency:
    """The most urgent of `asked`; routine when nothing asks."""
    return min(asked, key=ORDER.index, default="routine")


def rank(urgency: Urgency, *, text_unread: bool) -> int:
    """Place in the worklist, 0 first; unread words stand before everything a rule has already looked through (S4)."""
    place = ORDER.index(urgency) * 2
    return place - 1 if text_unread and urgency in ("review", "routine") else place


def advice_on(offer: Offer, eligible: Eligible, heard: ReferralHeard, bands: Sequence[str]) -> OfferAdvice:
    """Whether `offer` suits her, and why; a preference against it means that no rule offers it (R48)."""
    against = [code for code in heard.preferences if code in offer.against_preferences]
    against += [code for code in heard.conditions if code in offer.against_conditions]
    sure = eligible.answer == "yes"
    return OfferAdvice(
        offer=offer.id,
        fits=sure and not against,
        reasons_for=(*(eligible.reasons if sure else ()), *bands),
        reasons_against=(*(eligible.reasons if eligible.answer == "no" else ()), *against),
    )


def band_reasons(
    programme: Programme, measures: Sequence[Measure], instruments: Mapping[str, Instrument]
) -> tuple[str, ...]:
    """The bands of the programme's own questionnaires as reasons; a high score alone excludes nobody (R42)."""
    found: dict[str, None] = {}
    for measure in measures:
        required = programme.measure(measure.instrument)
        if required is None:
            continue
        for scale, total in totals_of(measure, instruments.get(measure.instrument)).items():
            if (band := _band(required, total)) is not None:
                found[f"{measure.instrument.lower()}_{scale}_{band}"] = None
    return tuple(found)


def totals_of(measure: Measure, instrument: Instrument | None) -> dict[str, int]:
    """Scale name to total, from what was sent; answers that cannot be scored give none."""
    if instrument is None or not measure.items:
        return dict(measure.totals)
    try:
        return {**measure.totals, **score(instrument, measure.items)}
    except BadMeasure:
        return dict(measure.totals)


def _band(required: RequiredMeasure, total: int) -> str | None:
    try:
        return required.band_of(total)
    except ValueError:
        return "out_of_range"


def _missing(programme: Programme, eligible: Eligible, measures: Sequence[Measure]) -> tuple[str, ...]:
    asked = [MISSING[reason] for reason in eligible.reasons if reason in MISSING]
    asked += ["needs"] if "needs_not_stated" in eligible.reasons else []
    have = {measure.instrument for measure in measures}
    asked += [
        one.instrument for one in programme.measures if "baseline" in one.required_at and one.instrument not in have
    ]
    return tuple(dict.fromkeys(asked))


def _needs_person(facts: Facts, programme: Programme, eligible: Eligible, rules: Rules) -> tuple[str, ...]:
    heard = facts.heard
    why = ["risk"] if urgency_of(facts, rules) in ("now", "today") or heard.signals or facts.worries else []
    why += ["read_text"] if facts.text_unread else []
    why += ["confirm_withdrawal"] if facts.withdrawn else []
    why += [code for code in heard.conditions if code in programme.conditions.review]
    why += [code for code in heard.conditions if code in programme.conditions.pause_rules]
    why += ["under_18"] if heard.age_band in UNDER_18 else []
    why += ["due_date_passed"] if "due_date_passed" in eligible.reasons else []
    why += [UNKNOWN_PROGRAMME] if heard.programme not in (None, programme.id) else []
    return tuple(dict.fromkeys(why))


def signposts_of(advice: TriageRecommended | None, reason: str, programme: Programme) -> tuple[str, ...]:
    """Other help to name when she is declined; never empty."""
    offers = advice.offers if advice else ()
    against = [code for offer in offers for code in offer.reasons_against]
    return programme.signposts_for((reason, *dict.fromkeys(against)))


def latest_day(now: datetime) -> date:
    """The latest date that is today somewhere on earth, so that no clock's edge refuses a true answer."""
    return date.fromordinal(now.date().toordinal() + 1)
