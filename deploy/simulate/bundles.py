"""The same referral as a BaRS-shaped FHIR message Bundle, written here from the standard's public shape."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from deploy.simulate.referrals import Planned

FHIR = "https://fhir.nhs.uk"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition"
TRUST = "RXX"
RECEIVER = "BES01"
SERVICE_ID = {"coventry-warwickshire": "9990000001", "halton": "9990000002", "newham": "9990000003"}
USE_CASE = "peer-support-perinatal"
USE_CASES = "https://beside.example/CodeSystem/use-case"
QUESTIONNAIRES = "https://beside.example/Questionnaire"

Resource = dict[str, Any]


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def headers(request_id: UUID, correlation_id: UUID, site: str) -> dict[str, str]:
    """The headers the standard asks of a sender; the identifiers are those of a made-up trust."""
    organisation = {
        "resourceType": "Organization",
        "identifier": [{"system": f"{FHIR}/Id/ods-organization-code", "value": TRUST}],
        "name": "Example Trust",
    }
    target = {"system": f"{FHIR}/Id/dos-service-id", "value": SERVICE_ID[site]}
    software = {"resourceType": "Device", "deviceName": [{"name": "simulator", "type": "model-name"}]}
    return {
        "Content-Type": "application/fhir+json; version=1.4.0",
        "Accept": "application/fhir+json; version=1.4.0",
        "X-Request-Id": str(request_id),
        "X-Correlation-Id": str(correlation_id),
        "NHSD-Target-Identifier": _encoded(target),
        "NHSD-End-User-Organisation": _encoded(organisation),
        "NHSD-Requesting-Software": _encoded(software),
        "use-context": f"{USE_CASE}|referral|servicerequest-request|new",
    }


def bundle(planned: Planned, bundle_id: UUID, now: datetime) -> Resource:
    """A `message` Bundle of a new referral: one entry per resource the standard's table asks for."""
    stamp = now.isoformat()

    def at(name: str) -> str:
        return f"urn:uuid:{uuid5(bundle_id, name)}"

    resources = _envelope(planned, at, stamp) | _clinical(planned, at, stamp) | _people(planned, at)
    entries = [{"fullUrl": at(name), "resource": _stamped(body, stamp)} for name, body in resources.items()]
    return {
        "resourceType": "Bundle",
        "id": str(bundle_id),
        "meta": {
            "versionId": "1.0.0",
            "lastUpdated": stamp,
            "profile": [f"{FHIR}/StructureDefinition/BARSBundleMessage"],
        },
        "type": "message",
        "timestamp": stamp,
        "entry": entries,
    }


def _stamped(resource: Resource, stamp: str) -> Resource:
    return {**resource, "meta": {"lastUpdated": stamp}}


def _envelope(planned: Planned, at: Any, stamp: str) -> dict[str, Resource]:
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": f"{FHIR}/CodeSystem/message-events-bars", "code": "servicerequest-request"},
        "destination": [
            {
                "endpoint": f"{FHIR}/Id/dos-service-id|{SERVICE_ID[planned.site]}",
                "receiver": {"reference": at("receiver")},
            }
        ],
        "sender": {"reference": at("sender")},
        "source": {"name": "Example Trust", "endpoint": f"{FHIR}/Id/dos-service-id|9990000009"},
        "reason": _coded(f"{FHIR}/CodeSystem/message-reason-bars", "new"),
        "focus": [{"reference": at("request")}],
        "definition": f"{FHIR}/MessageDefinition/bars-message-servicerequest-request-referral",
    }
    category = [
        {"system": f"{FHIR}/CodeSystem/message-category-servicerequest", "code": "referral"},
        {"system": USE_CASES, "code": USE_CASE},
    ]
    request = {
        "resourceType": "ServiceRequest",
        "basedOn": [{"reference": at("plan")}],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": category}],
        "subject": {"reference": at("patient")},
        "encounter": {"reference": at("encounter")},
        "authoredOn": stamp,
        "requester": {"reference": at("role")},
        "performer": [{"reference": at("service")}],
    }
    return {"header": header, "request": request}


def _clinical(planned: Planned, at: Any, stamp: str) -> dict[str, Resource]:
    patient, encounter = {"reference": at("patient")}, {"reference": at("encounter")}
    resources: dict[str, Resource] = {
        "encounter": {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": patient,
            "period": {"start": stamp},
        },
        "plan": {
            "resourceType": "CarePlan",
            "status": "completed",
            "intent": "plan",
            "subject": patient,
            "encounter": encounter,
        },
        "consent": _consent(patient, stamp),
        "score": _score(planned, patient, stamp),
    }
    resources |= _baby(planned, patient, stamp)
    for number, code in enumerate(planned.conditions):
        coding = _coded("https://beside.example/CodeSystem/condition", code)
        resources[f"condition-{number}"] = {"resourceType": "Condition", "code": coding, "subject": patient}
    for number, code in enumerate(planned.flags):
        resources[f"flag-{number}"] = _flag(code, patient)
    return resources


def _consent(patient: Resource, stamp: str) -> Resource:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": _coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [_coded(f"{FHIR}/CodeSystem/consent-categories-bars", "DRC")],
        "patient": patient,
        "dateTime": stamp,
        "policyRule": _coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMPLIED"),
    }


def _score(planned: Planned, patient: Resource, stamp: str) -> Resource:
    answers = [{"linkId": scale, "answer": [{"valueInteger": total}]} for scale, total in planned.baseline.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{QUESTIONNAIRES}/HADS|1",
        "status": "completed",
        "subject": patient,
        "authored": stamp,
        "item": answers,
    }


def _baby(planned: Planned, patient: Resource, stamp: str) -> dict[str, Resource]:
    if due := planned.baby.get("due"):
        return {
            "due": {
                "resourceType": "Observation",
                "status": "final",
                "code": _coded("http://loinc.org", "11778-8"),
                "subject": patient,
                "effectiveDateTime": stamp,
                "valueDateTime": due,
            }
        }
    return {
        "child": {
            "resourceType": "RelatedPerson",
            "patient": patient,
            "relationship": [_coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "CHILD")],
            "birthDate": planned.baby["born"],
        }
    }


def _flag(code: str, patient: Resource) -> Resource:
    return {
        "resourceType": "Flag",
        "status": "active",
        "category": [_coded(f"{FHIR}/CodeSystem/flag-categories-bars", "SG")],
        "code": _coded(f"{FHIR}/CodeSystem/safeguarding-codes-bars", code),
        "subject": patient,
    }


def _people(planned: Planned, at: Any) -> dict[str, Resource]:
    person = planned.person
    contact = {
        "extension": [{"url": f"{UK_CORE}/Extension-UKCore-ContactRank", "valuePositiveInt": 1}],
        "relationship": [_coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "ONESELF")],
        "telecom": [{"system": "phone", "value": person.phone, "use": "mobile", "rank": 1}],
    }
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": f"{FHIR}/Id/nhs-number", "value": person.nhs_number}],
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "birthDate": person.birth_date.isoformat(),
        "address": [{"use": "home", "postalCode": person.postcode}],
        "contact": [contact],
    }
    return {
        "patient": patient,
        "role": {
            "resourceType": "PractitionerRole",
            "practitioner": {"reference": at("practitioner")},
            "organization": {"reference": at("sender")},
        },
        "practitioner": {"resourceType": "Practitioner", "name": [{"family": "Referrer", "given": ["Example"]}]},
        "service": {
            "resourceType": "HealthcareService",
            "identifier": [{"system": f"{FHIR}/Id/dos-service-id", "value": SERVICE_ID[planned.site]}],
            "active": True,
            "providedBy": {"reference": at("receiver")},
        },
        "receiver": _organisation(RECEIVER, "Example peer support provider"),
        "sender": _organisation(TRUST, "Example Trust"),
    }


def _organisation(code: str, name: str) -> Resource:
    identifier = {"system": f"{FHIR}/Id/ods-organization-code", "value": code}
    return {"resourceType": "Organization", "identifier": [identifier], "name": name}
