"""What the FHIR door answers when it takes a message, and how it describes itself: our ids, and nothing personal."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.referral.adapters.bars_bundle import URN, Bundle, codes_in, list_of, object_of
from services.referral.adapters.bars_profile import Profile
from shared.events.ids import BESIDE

FHIR = "https://fhir.nhs.uk"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition"

EVENT = {"system": f"{FHIR}/CodeSystem/message-events-bars", "code": "servicerequest-request"}


def patient_of(case: UUID) -> UUID:
    """The id under which whoever a case is about is named to its sender, in every answer the same."""
    return _named(case, "patient")


def _named(case: UUID, resource: str) -> UUID:
    return uuid5(BESIDE, f"fhir/{case}/{resource}")


def accepted(bundle: Bundle, case: UUID, *, profile: Profile, now: datetime) -> dict[str, Any]:
    """The answer to a message that was taken: the same Bundle.id, what we have of it, each under an id of ours.

    None of the sender's ids is repeated beside Bundle.id, and nothing that identifies her.
    """
    stamp = now.isoformat(timespec="milliseconds")
    patient, header, receiver = patient_of(case), _named(case, "header"), _named(case, "receiver")
    resources: dict[UUID, dict[str, Any]] = {
        header: _header(bundle, case, profile),
        case: _request(bundle, patient),
        patient: {"resourceType": "Patient"},
        receiver: {"resourceType": "Organization", "name": profile.software},
    }
    resources[header]["sender"] = {"reference": f"{URN}{receiver}"}
    return {
        "resourceType": "Bundle",
        "id": bundle.id,
        "meta": {"lastUpdated": stamp, "profile": [f"{FHIR}/StructureDefinition/BARSBundleMessage"]},
        "type": "message",
        "timestamp": stamp,
        "entry": [
            {"fullUrl": f"{URN}{id_}", "resource": {**resource, "id": str(id_), "meta": {"lastUpdated": stamp}}}
            for id_, resource in resources.items()
        ],
    }


def _header(bundle: Bundle, case: UUID, profile: Profile) -> dict[str, Any]:
    return {
        "resourceType": "MessageHeader",
        "eventCoding": {**EVENT, "code": bundle.event},
        "source": {"name": profile.software, "endpoint": profile.endpoint},
        "reason": {"coding": [{"system": f"{FHIR}/CodeSystem/message-reason-bars", "code": _reason(bundle)}]},
        "response": {"identifier": bundle.id, "code": "ok"},
        "focus": [{"reference": f"{URN}{case}"}],
    }


def _request(bundle: Bundle, patient: UUID) -> dict[str, Any]:
    sent = bundle.one("ServiceRequest")
    categories = [
        {"coding": [_coding(one) for one in list_of(object_of(concept).get("coding"))]}
        for concept in list_of(sent.get("category"))
    ]
    return {
        "resourceType": "ServiceRequest",
        "status": str(sent["status"]),
        "intent": "plan",
        "category": categories,
        "subject": {"reference": f"{URN}{patient}"},
    }


def _reason(bundle: Bundle) -> str:
    return next(codes_in(bundle.one("MessageHeader").get("reason")), "new")


def _coding(coding: Any) -> dict[str, str]:
    return {name: str(value) for name, value in object_of(coding).items() if name in ("system", "code")}


def capabilities(profile: Profile, *, now: datetime) -> dict[str, Any]:
    """What we take, and no more: a sender reads this before it sends."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "draft",
        "date": now.date().isoformat(),
        "kind": "instance",
        "software": {"name": profile.software, "version": profile.version},
        "implementation": {"description": "Intake of referrals for peer support; BaRS-shaped, not onboarded."},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "ServiceRequest",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [{"name": "patient:identifier", "type": "token"}],
                    },
                    {
                        "type": "MessageDefinition",
                        "interaction": [{"code": "search-type"}],
                        "searchParam": [{"name": "context", "type": "token"}],
                    },
                    {
                        "type": "CodeSystem",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [{"name": "url", "type": "uri"}],
                    },
                ],
                "operation": [{"name": "process-message", "definition": _DEFINITION}],
            }
        ],
    }


_DEFINITION = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
