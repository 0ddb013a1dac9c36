"""The FHIR door: what it takes, the standard's table of repeats, its errors; fhir.resources is the oracle."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from shared.events.codes import Baby
from shared.events.referral import ReferralRefused
from tests.referral.bodies import PLANNED, WITH_FLAG, headers, message, resource, send
from tests.referral.cases import ABUSE_AT_HOME, CHILD_AT_RISK
from tests.referral.world import World, world

VERSION_9 = "application/fhir+json; version=9.9.9"


def outcome(answer: Any) -> tuple[int, str, str]:
    """Status, error code and issue code; the oracle reads the body."""
    OperationOutcome.model_validate(answer.json())
    (issue,) = answer.json()["issue"]
    return answer.status_code, issue["details"]["coding"][0]["code"], issue["code"]


def flag(code: str | None, **fields: Any) -> dict[str, Any]:
    """An entry with a safeguarding flag."""
    body = {
        "resourceType": "Flag",
        "meta": {"lastUpdated": "2026-11-24T09:00:00Z"},
        "status": "active",
        "category": [{"coding": [{"code": "SG"}]}],
        "code": {"coding": [{"code": code}]} if code else {"text": "worried about her"},
    }
    return {"fullUrl": f"urn:uuid:{UUID(int=hash(str((code, fields))) % 2**64)}", "resource": body | fields}


async def test_the_simulators_message_is_one_the_oracle_reads() -> None:
    Bundle.model_validate(message())


async def test_a_new_referral_is_taken_and_answered_with_ids_of_ours(intake: World) -> None:
    sent = message()
    answer = await send(intake, sent)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json; version=1.4.0"
    assert answer.headers["x-request-id"] == str(UUID(int=1))
    assert answer.headers["x-correlation-id"] == str(UUID(int=2))

    said = answer.json()
    Bundle.model_validate(said)
    assert said["id"] == sent["id"]
    theirs = {entry["fullUrl"].removeprefix("urn:uuid:") for entry in sent["entry"]}
    ours = {entry["resource"]["id"] for entry in said["entry"]}
    assert not ours & theirs
    (received,) = intake.received()
    assert resource(said, "ServiceRequest")["id"] == str(received.case)
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


async def test_what_it_says_becomes_the_same_referral_as_json_says(intake: World) -> None:
    planned = PLANNED[0]
    await send(intake, message())
    (received,) = intake.received()
    assert (received.route, received.programme) == ("bars", "parents-in-mind")
    assert set(received.conditions) == set(planned.conditions)
    (measure,) = received.measures
    assert (measure.instrument, measure.totals) == ("HADS", planned.baseline)
    ((kind, on),) = planned.baby.items()
    assert received.baby == Baby.model_validate({"kind": kind, "on": on})
    assert received.case is not None
    (record,) = intake.vault.sealed[received.case]
    assert (record["family"], record["nhs_number"], record["phone"]) == (
        planned.person.family,
        planned.person.nhs_number,
        planned.person.phone,
    )
    assert record["safe_to_contact"] == "not_asked"
    assert intake.vault.commits_before == [0]
    assert intake.store.journal[0].site == planned.site


async def test_each_flag_is_a_worry_whatever_its_status_and_is_shown_with_it(intake: World) -> None:  # S4 S6
    sent = message()
    ended = {"start": "2020-01-01", "end": "2021-01-01"}
    sent["entry"] += [
        flag(CHILD_AT_RISK, status="inactive"),
        flag(ABUSE_AT_HOME, period=ended),
        flag("861931000000100"),
        flag(None),
    ]
    assert (await send(intake, sent)).status_code == 200
    levels = {worry.code: worry.level for worry in intake.worries()}
    assert levels == {CHILD_AT_RISK: "now", ABUSE_AT_HOME: "today", "U": "today"}
    (received,) = intake.received()
    assert received.case is not None
    (record,) = intake.vault.sealed[received.case]
    assert {"code": CHILD_AT_RISK, "status": "inactive"} in record["flags"]
    assert {"code": ABUSE_AT_HOME, "status": "active", "ended": "2021-01-01"} in record["flags"]
    assert record["safe_to_contact"] == "no"  # S9
    assert received.text_unread
    assert "worried about her" in record["text"]


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("Condition", {"code": {"coding": [{"code": CHILD_AT_RISK}]}}, CHILD_AT_RISK),
        (
            "Condition",
            {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "6471006"}]}},
            "suicidal_thoughts",
        ),
        ("Observation", {"code": {"coding": [{"code": "44260-8"}]}, "valueInteger": 2}, "PHQ-9/item-9"),
        (
            "Observation",
            {"code": {"text": "x"}, "valueCodeableConcept": {"coding": [{"code": "707087005"}]}},
            "707087005",
        ),
        (
            "QuestionnaireResponse",
            {"questionnaire": "https://x.example/EPDS|1", "item": [{"linkId": "10", "answer": [{"valueInteger": 1}]}]},
            "EPDS/item-10",
        ),
    ],
)
async def test_a_worry_is_found_in_every_kind_of_resource(intake: World, kind: str, fields: Any, code: str) -> None:
    sent = message()
    body = {"resourceType": kind, "meta": {"lastUpdated": "2026-11-24T09:00:00Z"}} | fields
    sent["entry"].append({"fullUrl": f"urn:uuid:{UUID(int=77)}", "resource": body})
    assert (await send(intake, sent)).status_code == 200
    assert code in {worry.code for worry in intake.worries()}  # S4


async def test_what_has_no_code_we_know_is_kept_for_a_person_to_read(intake: World) -> None:  # S4
    sent = message()
    body = {"resourceType": "Condition", "meta": {"lastUpdated": "2026-11-24"}, "code": {"text": "sees things"}}
    sent["entry"].append({"fullUrl": f"urn:uuid:{UUID(int=77)}", "resource": body})
    await send(intake, sent)
    (received,) = intake.received()
    assert received.text_unread
    assert "sees things" not in str([commit.to_document() for commit in intake.store.journal])


async def test_a_contact_who_is_not_herself_never_becomes_her_number(intake: World) -> None:  # S9
    sent = message()
    contact = resource(sent, "Patient")["contact"][0]
    contact["relationship"] = [{"coding": [{"code": "BRO"}]}]
    await send(intake, sent)
    (record,) = next(iter(intake.vault.sealed.values()))
    assert "phone" not in record
    assert record["contacts"][0]["relationship"] == ["BRO"]
    assert "phone" not in next(iter(intake.vault.indexed.values()))


@pytest.mark.parametrize("missing", ["nhs-number", "birthDate", "address", "baby", "conditions"])
async def test_what_is_missing_is_asked_for_later_and_never_refused(intake: World, missing: str) -> None:
    sent = message()
    patient = resource(sent, "Patient")
    if missing == "nhs-number":
        del patient["identifier"]
    patient.pop(missing, None)
    optional = {"baby": ("Observation", "RelatedPerson"), "conditions": ("Condition",)}.get(missing, ())
    sent["entry"] = [one for one in sent["entry"] if one["resource"]["resourceType"] not in optional]
    assert (await send(intake, sent)).status_code == 200


# The table of repeats (BaRS core, transactional integrity)


async def test_the_same_request_id_again_is_a_duplicate_whatever_else_changed(intake: World) -> None:
    assert (await send(intake, message(1))).status_code == 200
    same = outcome(await send(intake, message(1)))
    other = outcome(await send(intake, message(9), headers(request=1, correlation=8)))
    assert same == other == (409, "REC_CONFLICT", "duplicate")
    assert len(intake.received()) == 1


async def test_a_bundle_sent_again_under_a_new_request_id_is_refused(intake: World) -> None:
    assert (await send(intake, message(1))).status_code == 200
    for _ in range(2):
        again = outcome(await send(intake, message(1), headers(request=5)))
        assert again == (400, "REC_BAD_REQUEST", "invariant")
    assert len(intake.received()) == 1


async def test_a_request_that_failed_fails_the_same_way_again_even_when_corrected(intake: World) -> None:
    broken = message(1)
    resource(broken, "CarePlan")["status"] = "draft"
    first = await send(intake, broken)
    again = await send(intake, message(1))
    assert first.status_code == again.status_code == 400
    assert first.json() == again.json()
    assert intake.received() == []
    assert len([one for one in intake.events() if isinstance(one, ReferralRefused)]) == 1
    assert (await send(intake, message(1), headers(request=6))).status_code == 200


async def test_a_request_still_running_is_told_it_is_too_early(intake: World) -> None:
    first, second = await asyncio.gather(send(intake, message(1)), send(intake, message(1)))
    assert sorted([first.status_code, second.status_code]) == [200, 425]
    early = first if first.status_code == 425 else second
    assert outcome(early) == (425, "REC_TOO_EARLY", "duplicate")
    assert len(intake.received()) == 1


# Headers


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


# The bundle


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
    "a response": (_set("MessageHeader", eventCoding={"code": "servicerequest-response"}), 400, "not-supported"),
    "an unknown event": (_set("MessageHeader", eventCoding={"code": "x"}), 400, "invariant"),
    "an update": (_set("MessageHeader", reason={"coding": [{"code": "update"}]}), 400, "not-supported"),
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
