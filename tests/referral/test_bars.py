"""The FHIR door: what it takes, where it finds worries, how it answers repeats; fhir.resources is the oracle."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle

from shared.events.codes import Baby
from shared.events.referral import ReferralRefused
from tests.referral.bodies import PLANNED, headers, message, outcome, resource, send
from tests.referral.cases import ABUSE_AT_HOME, CHILD_AT_RISK
from tests.referral.world import World


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
