"""From a checked message to the question for the rules and the record for the vault; what is missing is asked later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.referral.adapters.bars_bundle import Bundle, Resource, codes_in, list_of, object_of
from services.referral.adapters.bars_contact import OWN_SYSTEMS, contact_said, is_about_contact
from services.referral.adapters.bars_faults import require
from services.referral.adapters.bars_person import identity_of
from services.referral.adapters.bars_profile import Door, Profile
from services.referral.adapters.mapped import Mapped, Origin, searchable
from services.referral.adapters.salvage import answers_in, questionnaire_of
from services.referral.domain.commands import ReceiveReferral
from services.referral.domain.policy import Findings, age_band_on, baby_of, safe_to_contact, worries_in
from services.referral.domain.travelling import Travelling, travelling
from shared.events.codes import Baby, Measure, Source
from shared.events.shapes import CODE

CHILD_CODES = frozenset({"CHILD", "NCHILD", "CHLDADOPT", "CHLDFOST", "DAU", "DAUC", "SON", "SONC", "NBOR"})
"""Source: HL7 v3 RoleCode, the family members that are children."""
UNSPECIFIED_FLAG = "U"
"""Source: safeguarding-codes-bars."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a message says of her state, as codes; whatever has no code here is words for a person to read (S4)."""

    flags: list[dict[str, str]]
    conditions: list[str]
    measures: list[Measure]
    words: list[str]


@dataclass(frozen=True, slots=True)
class Said:
    """All that a message says of somebody: what may travel, and `identity`, which only the vault may hold."""

    baby: Baby | None
    coded: Travelling
    found: Findings
    identity: dict[str, Any]

    @property
    def has_words(self) -> bool:
        """Whether something in it waits for a reader (SAFETY S4)."""
        return bool(self.identity.get("text") or self.coded.unknown)


def to_referral(bundle: Bundle, origin: Origin, profile: Profile, *, conformance: bool) -> Mapped:
    """The referral a message asks for. Raises `BarsRefused` when the service it names is not ours."""
    door, said = _door(bundle, profile, conformance=conformance), read(bundle, origin, profile)
    command = ReceiveReferral(
        case=origin.case,
        programme=door.programme,
        source=_source(bundle, profile),
        route="bars",
        baby=said.baby,
        conditions=said.coded.conditions,
        measures=said.coded.measures,
        worries=worries_in(origin.data.risk, said.found),
        age_band=said.found.age_band,
        text_unread=said.has_words,
        sent_by=origin.organisation,
    )
    return Mapped(command, door.site, said.identity, searchable(said.identity))


def read(bundle: Bundle, origin: Origin, profile: Profile) -> Said:
    """What a message says; nothing in it is left out for want of a code (SAFETY S4)."""
    sent = _sent(bundle, profile, origin)
    found = _findings(bundle, sent, origin)
    contact = safe_to_contact(origin.data.risk, said=contact_said(bundle), flags=found.flags)
    identity = identity_of(bundle.one("Patient"), bundle) | {"safe_to_contact": contact, "flags": sent.flags}
    if said := [str(one.get("dateTime", "")) for one in bundle.all("Consent")]:
        identity["consent_of_sender"] = said  # its own statement, and never taken for hers (SAFETY S16)
    if sent.words:
        identity["text"] = "\n".join(sent.words)
    coded = travelling(origin.data, origin.instruments, conditions=sent.conditions, measures=sent.measures)
    if coded.unknown:
        identity["unknown"] = dict(coded.unknown)
    baby = baby_of(due=_due(bundle, profile), born=_born(bundle), day=origin.day)
    return Said(baby, coded, found, identity)


def _findings(bundle: Bundle, sent: Sent, origin: Origin) -> Findings:
    codes = [flag["code"] for flag in sent.flags]
    band = age_band_on(origin.day, date_of(bundle.one("Patient").get("birthDate")))
    return Findings(origin.organisation, origin.message, codes, sent.conditions, sent.measures, band)


def _door(bundle: Bundle, profile: Profile, *, conformance: bool) -> Door:
    """Whose door the message knocks at, by the identifier of the service it is addressed to."""
    performer = list_of(bundle.one("ServiceRequest").get("performer"))[0]
    service = bundle.follow(performer, "HealthcareService")
    for identifier in map(object_of, list_of(service.get("identifier"))):
        if door := profile.services.get(str(identifier.get("value", "")).strip()):
            return door
    require(conformance, "bars.service")
    return profile.conformance_service


def site_of(bundle: Bundle, profile: Profile) -> str | None:
    """The site a message is addressed to by the service that is named in it or in its header; None for none of ours."""
    named = [identifier for one in bundle.all("HealthcareService") for identifier in list_of(one.get("identifier"))]
    addressed = list_of(bundle.one("MessageHeader").get("destination"))
    said = (*(object_of(one).get("value") for one in named), *(object_of(one).get("endpoint") for one in addressed))
    services = (str(value).rpartition("|")[2].strip() for value in said)
    return next((door.site for service in services if (door := profile.services.get(service))), None)


def _source(bundle: Bundle, profile: Profile) -> Source:
    """Who refers, by the code of a practitioner's role; our own codes are taken as they are."""
    for role in bundle.all("PractitionerRole"):
        for concept in list_of(role.get("code")):
            for code in codes_in(concept):
                if code in profile.sources:
                    return profile.sources[code]
    return "other"


def _sent(bundle: Bundle, profile: Profile, origin: Origin) -> Sent:
    """Codes and alert items are sought in Flag, Condition, Observation and QuestionnaireResponse (SAFETY S4)."""
    sent = Sent([], [], [], [])
    for flag in bundle.all("Flag"):
        _take_flag(flag, sent)
    known = origin.data.risk
    for condition in bundle.all("Condition"):
        _take_condition(condition, profile, sent, known.flags.keys(), known.conditions.keys())
    for observation in bundle.all("Observation"):
        _take_observation(observation, profile, sent, origin.day, known.flags.keys())
    for response in bundle.all("QuestionnaireResponse"):
        sent.measures.extend(_measure(response, origin.day))
    for plan in bundle.all("CarePlan"):
        for activity in map(object_of, list_of(plan.get("activity"))):
            sent.words.extend(_texts(*list_of(activity.get("outcomeCodeableConcept"))))
    for task in bundle.all("Task"):
        sent.words.extend(_words(task.get("description")))
    return sent


def _take_flag(flag: Resource, sent: Sent) -> None:
    """Every flag is shown with its status and period, ended or not (SAFETY S6); those of category SG are worries."""
    if is_about_contact(flag):
        return
    categories = [code for concept in list_of(flag.get("category")) for code in codes_in(concept)]
    words = _texts(flag.get("code"))
    if categories and "SG" not in categories:
        sent.words.extend([f"{'/'.join(categories)}: {one}" for one in words or codes_in(flag.get("code"))])
        return
    ended = object_of(flag.get("period")).get("end")
    for code in list(codes_in(flag.get("code"))) or [UNSPECIFIED_FLAG]:
        shown = {"code": code, "status": str(flag.get("status", "")), "ended": str(ended) if ended else ""}
        sent.flags.append({name: value for name, value in shown.items() if value})
    sent.words.extend(words)


def _take_condition(condition: Resource, profile: Profile, sent: Sent, flags: Any, conditions: Any) -> None:
    codes, taken = list(codes_in(condition.get("code"))), False
    for code in codes:
        if code in flags:
            sent.flags.append({"code": code, "status": "condition"})
        elif mapped := profile.conditions.get(code, code if code in conditions else None):
            sent.conditions.append(mapped)
        elif _is_own(condition, code) and CODE.match(code):
            sent.conditions.append(code)
        else:
            continue
        taken = True
    words = _texts(condition.get("code"))
    sent.words.extend(words or ([] if taken else [f"condition {code}" for code in codes]))


def _is_own(resource: Resource, code: str) -> bool:
    codings = map(object_of, list_of(object_of(resource.get("code")).get("coding")))
    return any(one.get("code") == code and str(one.get("system", "")).startswith(OWN_SYSTEMS) for one in codings)


def _take_observation(observation: Resource, profile: Profile, sent: Sent, day: date, flags: Any) -> None:
    value = observation.get("valueInteger", object_of(observation.get("valueQuantity")).get("value"))
    for code in (*codes_in(observation.get("code")), *codes_in(observation.get("valueCodeableConcept"))):
        observed = profile.observations.get(code)
        if code in flags:
            sent.flags.append({"code": code, "status": "observation"})
        elif observed and isinstance(value, int | float):
            scores = (
                {"items": {observed.item: int(value)}} if observed.item else {"totals": {observed.total: int(value)}}
            )
            taken_on = date_of(observation.get("effectiveDateTime")) or day
            sent.measures.extend(
                _valid({"instrument": observed.instrument, "version": "1", "taken_on": taken_on} | scores)
            )
    sent.words.extend(_words(observation.get("valueString")))
    sent.words.extend(
        word for note in map(object_of, list_of(observation.get("note"))) for word in _words(note.get("text"))
    )


def _measure(response: Resource, day: date) -> Iterator[Measure]:
    """A questionnaire by its item numbers; a linkId that is no number names a scale, and its answer is the total."""
    instrument, version = questionnaire_of(str(response.get("questionnaire", "")))
    items: dict[int, int] = {}
    totals: dict[str, int] = {}
    for name, value in answers_in(response.get("item")):
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and value.isdecimal())):
            continue
        if name.isdecimal():
            items[int(name)] = int(value)
        else:
            totals[name] = int(value)
    taken_on = date_of(response.get("authored")) or day
    if items or totals:
        said = {"instrument": instrument, "version": version, "items": items, "totals": totals, "taken_on": taken_on}
        yield from _valid(said)


def _valid(said: dict[str, Any]) -> Iterator[Measure]:
    """The measure, or what of its items can be kept: a worry in it outlives a fault in the rest (SAFETY S3)."""
    try:
        yield Measure.model_validate(said)
    except ValidationError:
        for number, score in said.get("items", {}).items():
            if 1 <= number <= 99:
                kept = {"items": {number: min(score, 999)}, "instrument": said["instrument"], "version": "1"}
                if CODE.match(str(said["instrument"])):
                    yield Measure.model_validate(kept | {"taken_on": said["taken_on"]})


def _due(bundle: Bundle, profile: Profile) -> date | None:
    for observation in bundle.all("Observation"):
        if profile.due_date in codes_in(observation.get("code")):
            return date_of(observation.get("valueDateTime")) or date_of(observation.get("valueString"))
    return None


def _born(bundle: Bundle) -> list[date]:
    """The birth dates of her children."""
    children = (
        person
        for person in bundle.all("RelatedPerson")
        if any(code in CHILD_CODES for concept in list_of(person.get("relationship")) for code in codes_in(concept))
    )
    return [born for child in children if (born := date_of(child.get("birthDate")))]


def _texts(*concepts: Any) -> list[str]:
    return [word for concept in concepts for word in _words(object_of(concept).get("text"))]


def _words(value: Any) -> list[str]:
    return [value.strip()] if isinstance(value, str) and value.strip() else []


def date_of(value: Any) -> date | None:
    """The day of a FHIR date or instant; None for one that is no day, or not a whole one."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
