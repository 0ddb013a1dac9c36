"""The FHIR door's rules: each header and each MUST of the bundle, broken one at a time, and what is said then."""

from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from tests.referral.bodies import PLANNED, WITH_FLAG, headers, message, outcome, resource, send
from tests.referral.world import World, world

VERSION_9 = "application/fhir+json; version=9.9.9"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"X-Request-Id": None}, (400, "REC_BAD_REQUEST", "required")),
        ({"X-Correlation-Id": None}, (400, "REC_BAD_REQUEST", "required")),
        ({"X-Request-Id": "7"}, (400, "REC_BAD_REQUEST", "value")),
        ({"X-Correlation-Id": "{00000000-0000-0000-0000-000000000001}"}, (400, "REC_BAD_REQUEST", "value")),
        ({"NHSD-End-User-Organisation": "%%%"}, (400, "REC_BAD_REQUEST", "value")),
        ({"NHSD-End-User-Organisation": "e30="}, (400, "REC_BAD_REQUEST", "value")),
        ({"Accept": "application/fhir+xml"}, (406, "REC_NOT_ACCEPTABLE", "processing")),
        ({"Content-Type": "application/fhir+xml"}, (415, "REC_UNSUPPORTED_MEDIA_TYPE", "not-supported")),
        ({"Accept": VERSION_9}, (422, "REC_UNPROCESSABLE_ENTITY", "not-supported")),
        ({"Content-Type": VERSION_9}, (422, "REC_UNPROCESSABLE_ENTITY", "not-supported")),
    ],
)
async def test_a_wrong_header_is_refused_with_its_code(intake: World, changed: Any, expected: Any) -> None:
    said = {name: value for name, value in (headers() | changed).items() if value is not None}
    answer = await send(intake, message(), said)
    assert outcome(answer) == expected
    assert answer.headers.get("x-request-id") == said.get("X-Request-Id")
    assert intake.events() == []


@pytest.mark.parametrize("absent", ["NHSD-End-User-Organisation", "Accept", "use-context", "NHSD-Target-Identifier"])
async def test_a_header_that_is_only_expected_may_be_absent(intake: World, absent: str) -> None:
    said = {name: value for name, value in headers().items() if name != absent}
    assert (await send(intake, message(), said)).status_code == 200


def _set(kind: str, **fields: Any) -> Any:
    return lambda sent: resource(sent, kind).update(fields)


def _drop(kind: str) -> Any:
    return lambda sent: sent.update(entry=[e for e in sent["entry"] if e["resource"]["resourceType"] != kind])


def _category(*codes: str) -> Any:
    return _set("ServiceRequest", category=[{"coding": [{"code": code} for code in codes]}])


REFUSED = {
    "no bundle": (lambda sent: sent.update(resourceType="Patient"), 400, "invariant"),
    "no message": (lambda sent: sent.update(type="batch"), 400, "invariant"),
    "no id": (lambda sent: sent.pop("id"), 400, "invariant"),
    "no timestamp": (lambda sent: sent.pop("timestamp"), 400, "invariant"),
    "no profile": (lambda sent: sent["meta"].pop("profile"), 400, "invariant"),
    "no version": (lambda sent: sent["meta"].pop("versionId"), 400, "invariant"),
    "unknown version": (lambda sent: sent["meta"].update(versionId="77.0.0"), 422, "not-supported"),
    "no entries": (lambda sent: sent.pop("entry"), 400, "invariant"),
    "header last": (lambda sent: sent["entry"].append(sent["entry"].pop(0)), 400, "invariant"),
    "plain url": (lambda sent: sent["entry"][2].update(fullUrl="http://x.example/1"), 400, "invariant"),
    "url twice": (lambda sent: sent["entry"][2].update(fullUrl=sent["entry"][1]["fullUrl"]), 400, "invariant"),
    "no lastUpdated": (_set("Encounter", meta={}), 400, "invariant"),
    "no consent": (_drop("Consent"), 400, "invariant"),
    "no practitioner": (_drop("Practitioner"), 400, "invariant"),
    "no service": (_drop("HealthcareService"), 400, "invariant"),
    "one organisation": (lambda sent: sent["entry"].pop(), 400, "invariant"),
    "a booking": (_set("MessageHeader", eventCoding={"code": "booking-request"}), 400, "not-supported"),
    "an answered booking": (_set("MessageHeader", eventCoding={"code": "booking-response"}), 400, "not-supported"),
    "a response to nothing": (_set("MessageHeader", eventCoding={"code": "servicerequest-response"}), 400, "invariant"),
    "an unknown event": (_set("MessageHeader", eventCoding={"code": "x"}), 400, "invariant"),
    "deleted while active": (_set("MessageHeader", reason={"coding": [{"code": "delete"}]}), 400, "invariant"),
    "no reply address": (_set("MessageHeader", source={"name": "x"}), 400, "invariant"),
    "revoked": (_set("ServiceRequest", status="revoked"), 400, "invariant"),
    "an order": (_set("ServiceRequest", intent="order"), 400, "invariant"),
    "no use case": (_category("referral"), 400, "invariant"),
    "unknown use case": (_category("referral", "z9t9"), 400, "not-supported"),
    "a dangling subject": (_set("ServiceRequest", subject={"reference": "urn:uuid:x"}), 400, "invariant"),
    "encounter planned": (_set("Encounter", status="planned"), 400, "invariant"),
    "plan active": (_set("CarePlan", status="active"), 400, "invariant"),
    "consent refused": (_set("Consent", status="rejected"), 400, "invariant"),
    "no contact": (_set("Patient", contact=[]), 400, "invariant"),
    "contact without phone": (lambda sent: resource(sent, "Patient")["contact"][0].pop("telecom"), 400, "invariant"),
    "two first contacts": (
        lambda sent: resource(sent, "Patient")["contact"].append(resource(sent, "Patient")["contact"][0]),
        400,
        "invariant",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_broken_rule_is_refused_with_its_issue_and_nobodys_data(intake: World, name: str) -> None:
    change, status, issue = REFUSED[name]
    sent = message()
    change(sent)
    answer = await send(intake, sent)
    assert outcome(answer)[::2] == (status, issue)
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]
    assert intake.received() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"<Bundle/>"])
async def test_a_body_that_is_no_bundle_is_refused_in_fhir(intake: World, content: bytes) -> None:
    assert outcome(await send(intake, content))[0] == 400


@pytest.mark.parametrize("kind", ["MessageHeader", "ServiceRequest", "Patient", "Consent", "QuestionnaireResponse"])
@pytest.mark.parametrize("value", [None, 7, "x", [], [[]], {}, {"coding": "x"}, [{"coding": [None]}]])
async def test_any_field_may_hold_anything_and_the_answer_is_never_a_fault_of_ours(
    intake: World, kind: str, value: Any
) -> None:
    for number, name in enumerate(resource(message(), kind)):
        if name == "resourceType":
            continue
        sent = message(number + 10)
        resource(sent, kind)[name] = value
        answer = await send(intake, sent, headers(request=number + 10))
        assert answer.status_code in (200, 400, 422), name


async def test_national_use_cases_and_services_are_taken_only_with_the_setting() -> None:
    sent = message()
    _category("referral", "a5t1")(sent)
    elsewhere = message(2)
    resource(elsewhere, "HealthcareService")["identifier"][0]["value"] = "111111111"
    async with world(conformance=True) as lenient:
        assert (await send(lenient, sent)).status_code == 200
        assert (await send(lenient, elsewhere, headers(request=2))).status_code == 200
    async with world(conformance=False) as strict:
        assert outcome(await send(strict, sent))[::2] == (400, "not-supported")
        assert outcome(await send(strict, elsewhere, headers(request=2)))[::2] == (400, "invariant")
        assert (await send(strict, message(3, WITH_FLAG), headers(request=3))).status_code == 200


async def test_the_capability_statement_says_what_is_taken(intake: World) -> None:
    answer = await intake.client.get("/FHIR/R4/metadata")
    assert answer.status_code == 200
    CapabilityStatement.model_validate(answer.json())
    assert answer.json()["rest"][0]["operation"][0]["name"] == "process-message"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/FHIR/R4/Nothing", (404, "REC_NOT_FOUND", "not-found")),
        ("GET", "/FHIR/R4/$process-message", (405, "REC_METHOD_NOT_ALLOWED", "not-supported")),
        ("DELETE", "/FHIR/R4/metadata", (405, "REC_METHOD_NOT_ALLOWED", "not-supported")),
    ],
)
async def test_what_is_not_there_is_said_in_fhir(intake: World, method: str, path: str, expected: Any) -> None:
    answer = await intake.client.request(method, path, headers={"X-Request-Id": str(UUID(int=4))})
    assert outcome(answer) == expected
    assert answer.headers["x-request-id"] == str(UUID(int=4))
