"""A message of the standard as resources that can be followed, and every MUST of each kind of message checked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.referral.adapters.bars_faults import BarsRefused, require
from services.referral.adapters.bars_profile import Profile

Resource = Mapping[str, Any]
BUNDLE_PROFILE = "BARSBundleMessage"
BUNDLE_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
URN = "urn:uuid:"
CARDINALITY: dict[str, tuple[int, int]] = {
    "MessageHeader": (1, 1),
    "ServiceRequest": (1, 1),
    "Patient": (1, 1),
    "Encounter": (1, 1),
    "CarePlan": (1, 1),
    "Organization": (2, 1000),
    "Practitioner": (1, 1000),
    "PractitionerRole": (1, 1000),
    "Consent": (1, 1000),
    "HealthcareService": (1, 1000),
}
"""Least and most of each. Source: MessageDefinition bars-message-servicerequest-request-referral."""
CANCELLATION: dict[str, tuple[int, int]] = {
    "MessageHeader": (1, 1),
    "ServiceRequest": (1, 1),
    "Patient": (1, 1),
    "Organization": (2, 1000),
}
"""Source: MessageDefinition bars-message-servicerequest-request-cancelled."""
ANSWER: dict[str, tuple[int, int]] = {
    "MessageHeader": (1, 1),
    "ServiceRequest": (1, 1),
    "Patient": (1, 1),
    "Encounter": (0, 1),
    "CarePlan": (0, 1),
    "Organization": (2, 1000),
    "Practitioner": (1, 1000),
    "PractitionerRole": (1, 1000),
    "Consent": (1, 1000),
    "HealthcareService": (1, 1),
    "Appointment": (0, 1),
}
"""Source: MessageDefinition bars-message-servicerequest-response-referral."""
SHORT_ANSWER: dict[str, tuple[int, int]] = {
    "MessageHeader": (1, 1),
    "ServiceRequest": (1, 1),
    "Patient": (1, 1),
    "Encounter": (2, 2),
    "Organization": (1, 1000),
    "Practitioner": (1, 1000),
    "PractitionerRole": (1, 1000),
}
"""Source: MessageDefinition bars-message-servicerequest-response-referral-short, told by its two encounters."""
CANCELLING = frozenset({"revoked", "entered-in-error"})
"""What cancels is ServiceRequest.status: guide and examples disagree about the reason (update or delete)."""
REQUEST, RESPONSE = "servicerequest-request", "servicerequest-response"
NOT_OFFERED = frozenset({"booking-request", "booking-response"})
REFERRAL, VALIDATION = "referral", "validation"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A message that passed every check."""

    id: str
    by_url: Mapping[str, Resource]

    def all(self, kind: str) -> Iterator[Resource]:
        """Every resource of one type, in the message's order."""
        return (one for one in self.by_url.values() if one["resourceType"] == kind)

    def one(self, kind: str) -> Resource:
        """The resource of a type of which there is exactly one."""
        return next(self.all(kind))

    @property
    def cancels(self) -> bool:
        """Whether it takes a referral back."""
        if self.answers:
            return False
        status = next((one.get("status") for one in self.all("ServiceRequest")), None)
        return isinstance(status, str) and status in CANCELLING

    @property
    def event(self) -> str:
        """What happened, as MessageHeader says."""
        return str(_object(self.one("MessageHeader").get("eventCoding")).get("code"))

    @property
    def answers(self) -> bool:
        """Whether it answers a message instead of asking for something."""
        return self.event == RESPONSE

    @property
    def updates(self) -> bool:
        """Whether it says more about a referral that was taken before."""
        return "update" in codes_in(self.one("MessageHeader").get("reason")) and not self.cancels and not self.answers

    def follow(self, reference: Any, kind: str) -> Resource:
        """The resource a reference leads to. Raises `BarsRefused`."""
        target = reference.get("reference") if isinstance(reference, dict) else None
        found = self.by_url.get(target) if isinstance(target, str) else None
        if found is None or found["resourceType"] != kind:
            raise BarsRefused("bars.reference")
        return found


def checked(tree: Any, profile: Profile, *, conformance: bool) -> Bundle:
    """The message as a bundle. Raises `BarsRefused` for the first rule of the standard that it breaks."""
    bundle = _bundle(tree, profile)
    _check_header(bundle)
    _check_cardinality(bundle, _table_of(bundle))
    _check_category(bundle, profile, conformance=conformance)
    for consent in bundle.all("Consent"):
        _check_consent(consent)
    if not bundle.cancels and not bundle.answers:
        _check_referral(bundle)
    return bundle


def _table_of(bundle: Bundle) -> Mapping[str, tuple[int, int]]:
    if bundle.answers:
        return SHORT_ANSWER if sum(1 for _ in bundle.all("Encounter")) > 1 else ANSWER
    return CANCELLATION if bundle.cancels else CARDINALITY


def _check_referral(bundle: Bundle) -> None:
    _check_request(bundle)
    _check_plan(bundle)
    _check_patient(bundle.one("Patient"))
    for task in bundle.all("Task"):
        require(task.get("status") == "requested" and task.get("intent") == "order", "bars.task")


def _check_cardinality(bundle: Bundle, table: Mapping[str, tuple[int, int]]) -> None:
    for kind, (least, most) in table.items():
        require(least <= sum(1 for _ in bundle.all(kind)) <= most, "bars.cardinality")


def _bundle(tree: Any, profile: Profile) -> Bundle:
    require(isinstance(tree, dict), "bars.unreadable")
    id_, meta = tree.get("id"), _object(tree.get("meta"))
    named = isinstance(id_, str) and BUNDLE_ID.fullmatch(id_) is not None
    require(tree.get("resourceType") == "Bundle" and tree.get("type") == "message" and named, "bars.bundle")
    require(tree.get("timestamp"), "bars.bundle")
    require(any(str(one).endswith(f"/{BUNDLE_PROFILE}") for one in _list(meta.get("profile"))), "bars.bundle_profile")
    require(meta.get("versionId"), "bars.message_version_missing")
    require(meta.get("versionId") in profile.message_versions, "bars.message_version")
    by_url = _entries(_list(tree.get("entry")))
    require(next(iter(by_url.values()))["resourceType"] == "MessageHeader", "bars.header_first")
    return Bundle(str(id_), by_url)


def _entries(entries: list[Any]) -> dict[str, Resource]:
    by_url: dict[str, Resource] = {}
    for entry in entries:
        url, resource = _object(entry).get("fullUrl"), _object(_object(entry).get("resource"))
        if not isinstance(url, str) or not url.startswith(URN) or url in by_url:
            raise BarsRefused("bars.entries")
        require(isinstance(resource.get("resourceType"), str), "bars.entries")
        require(_object(resource.get("meta")).get("lastUpdated"), "bars.last_updated")
        by_url[url] = resource
    require(by_url, "bars.entries")
    return by_url


def _check_header(bundle: Bundle) -> None:
    header = bundle.one("MessageHeader")
    reasons = list(codes_in(header.get("reason")))
    require(bundle.event not in NOT_OFFERED, "bars.event_not_offered")
    require(bundle.event in (REQUEST, RESPONSE) and len(reasons) == 1, "bars.event")
    _check_workflow(bundle, reasons[0])
    require(_object(header.get("source")).get("endpoint"), "bars.header")
    destinations = [_object(one) for one in _list(header.get("destination"))]
    require(destinations and all(one.get("endpoint") for one in destinations), "bars.header")
    require(header.get("sender"), "bars.header")
    bundle.follow(header["sender"], "Organization")
    focus = _list(header.get("focus"))
    require(len(focus) == 1, "bars.header")
    bundle.follow(focus[0], "ServiceRequest")


def _check_workflow(bundle: Bundle, reason: str) -> None:
    """Event, reason and ServiceRequest.status together say what is wanted."""
    if bundle.answers:
        answered = _object(bundle.one("MessageHeader").get("response"))
        require(answered.get("identifier") and answered.get("code"), "bars.response")
        require(reason in ("new", "update"), "bars.event")
        return
    if bundle.cancels:
        require(reason in ("update", "delete"), "bars.event")
        return
    active = all(one.get("status") == "active" for one in bundle.all("ServiceRequest"))
    require(reason == "new" or (reason == "update" and active), "bars.event")


def _check_category(bundle: Bundle, profile: Profile, *, conformance: bool) -> None:
    request = bundle.one("ServiceRequest")
    require(request.get("intent") == "plan" and isinstance(request.get("status"), str), "bars.request_status")
    codes = [code for concept in _list(request.get("category")) for code in codes_in(concept)]
    kinds = {REFERRAL, VALIDATION} if bundle.answers else {REFERRAL}
    require(kinds & set(codes) and len(codes) == 2, "bars.category")
    taken = {profile.use_case} | (profile.national_use_cases if conformance else set())
    require(set(codes) - kinds <= taken, "bars.use_case")
    bundle.follow(request.get("subject"), "Patient")


def _check_request(bundle: Bundle) -> None:
    request = bundle.one("ServiceRequest")
    require(request.get("status") == "active", "bars.request_status")
    require(request.get("authoredOn") and request.get("requester"), "bars.request")
    bundle.follow(request.get("encounter"), "Encounter")
    for plan in _list(request.get("basedOn")) or [None]:
        bundle.follow(plan, "CarePlan")
    performers = _list(request.get("performer"))
    require(performers, "bars.request")
    bundle.follow(performers[0], "HealthcareService")


def _check_plan(bundle: Bundle) -> None:
    plan = bundle.one("CarePlan")
    require(plan.get("status") == "completed" and plan.get("intent") == "plan", "bars.care_plan")
    require(bundle.one("Encounter").get("status") in ("triaged", "finished"), "bars.encounter")


def _check_patient(patient: Resource) -> None:
    require(any(_object(name) for name in _list(patient.get("name"))), "bars.patient")
    first = [contact for contact in _list(patient.get("contact")) if rank_of(contact) == 1]
    require(len(first) == 1 and phone_in(_object(first[0])), "bars.contact")


def _check_consent(consent: Resource) -> None:
    categories = [code for concept in _list(consent.get("category")) for code in codes_in(concept)]
    holds = (
        consent.get("status") == "active"
        and "patient-privacy" in codes_in(consent.get("scope"))
        and "DRC" in categories
        and "IMPLIED" in codes_in(consent.get("policyRule"))
    )
    require(holds, "bars.consent")


def codes_in(concept: Any) -> Iterator[str]:
    """The codes of a CodeableConcept."""
    for coding in _list(_object(concept).get("coding")):
        code = _object(coding).get("code")
        if isinstance(code, str) and code.strip():
            yield code.strip()


def rank_of(contact: Any) -> int | None:
    """The rank the sender gave a contact of the patient's."""
    for extension in _list(_object(contact).get("extension")):
        if str(_object(extension).get("url", "")).lower().endswith("contactrank"):
            rank = extension.get("valuePositiveInt")
            return rank if isinstance(rank, int) else None
    return None


def phone_in(holder: Resource) -> str | None:
    """The telephone number to try first."""
    phones = [one for one in map(_object, _list(holder.get("telecom"))) if one.get("system") in ("phone", "sms")]
    ranked = sorted(phones, key=lambda one: one["rank"] if isinstance(one.get("rank"), int) else 99)
    found = next((one["value"] for one in ranked if isinstance(one.get("value"), str)), None)
    return found.strip() or None if found else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


object_of, list_of = _object, _list
