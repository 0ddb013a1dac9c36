"""What a sender may learn of the messages we take: their definitions, and the code systems of our own."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.referral.adapters.bars_answers import EVENT, FHIR
from services.referral.adapters.bars_bundle import (
    ANSWER,
    CANCELLATION,
    CARDINALITY,
    REQUEST,
    RESPONSE,
    SHORT_ANSWER,
)
from services.referral.adapters.bars_contact import CONTACT_SYSTEM, MEANS, OWN_SYSTEMS
from services.referral.adapters.bars_profile import Profile
from shared.events.ids import BESIDE

USAGE = {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "workflow"}
MESSAGES: Mapping[str, tuple[str, Mapping[str, tuple[int, int]]]] = {
    "servicerequest-request-referral": (REQUEST, CARDINALITY),
    "servicerequest-request-cancelled": (REQUEST, CANCELLATION),
    "servicerequest-response-referral": (RESPONSE, ANSWER),
    "servicerequest-response-referral-short": (RESPONSE, SHORT_ANSWER),
}
"""By the last part of each definition's address; a new referral and an update share the first."""
Resource = dict[str, Any]


def use_case_of(profile: Profile) -> dict[str, str]:
    """Our use case as a coding."""
    return {"system": profile.use_case_system, "code": profile.use_case}


def definitions_of(service: str, profile: Profile, *, now: datetime) -> list[Resource]:
    """The messages that a service of ours takes."""
    contexts = ({"system": f"{FHIR}/Id/dos-service-id", "code": service}, use_case_of(profile))
    return [
        {
            "resourceType": "MessageDefinition",
            "id": str(_id(f"definition/{service}/{name}")),
            "url": f"{FHIR}/MessageDefinition/bars-message-{name}",
            "version": profile.message_versions[-1],
            "status": "active",
            "date": now.date().isoformat(),
            "useContext": [{"code": USAGE, "valueCodeableConcept": {"coding": [one]}} for one in contexts],
            "eventCoding": {**EVENT, "code": event},
            "focus": [{"code": "Bundle", "min": 1, "max": "1"}, *_focus(table)],
        }
        for name, (event, table) in MESSAGES.items()
    ]


def _focus(table: Mapping[str, tuple[int, int]]) -> Iterable[Resource]:
    for kind, (least, most) in table.items():
        yield {"code": kind, "min": least, "max": str(most) if most <= 2 else "*"}


def code_systems(profile: Profile, conditions: Iterable[str]) -> list[Resource]:
    """Every code system whose codes are ours; what each code means in a message says docs/profile.md."""
    return [
        _code_system(profile, profile.use_case_system, [profile.use_case]),
        _code_system(profile, CONTACT_SYSTEM, MEANS),
        _code_system(profile, f"{OWN_SYSTEMS}condition", sorted(conditions)),
    ]


def _code_system(profile: Profile, url: str, codes: Iterable[str]) -> Resource:
    return {
        "resourceType": "CodeSystem",
        "id": str(_id(f"code-system/{url}")),
        "url": url,
        "version": profile.version,
        "status": "draft",
        "content": "complete",
        "caseSensitive": True,
        "concept": [{"code": code, "display": code.replace("-", " ").replace("_", " ")} for code in codes],
    }


def _id(name: str) -> UUID:
    return uuid5(BESIDE, f"fhir/{name}")
