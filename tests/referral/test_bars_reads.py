"""A sender reads its own referrals in FHIR and learns what a service takes; what is not its own is not there."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.messagedefinition import MessageDefinition
from fhir.resources.R4B.servicerequest import ServiceRequest

from services.referral.domain.commands import HearStanding
from shared.events.referral import Standing
from shared.runtime.submission import Submission
from tests.referral.bodies import PLANNED, headers, outcome, send
from tests.referral.cases import NOW
from tests.referral.test_bars_cancel import cancellation, referred
from tests.referral.world import World, a_trust

BASE = "/FHIR/R4"
NUMBER = PLANNED[0].person.nhs_number
SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"


async def get(intake: World, path: str, *, trust: str | None = None, **query: Any) -> httpx.Response:
    """Ask as the trust that sent, or as another."""
    said = {name: value for name, value in headers(request=90).items() if name != "Content-Type"}
    if trust:
        said = {name: value for name, value in said.items() if name != "NHSD-End-User-Organisation"}
        said |= a_trust(intake.clock, trust)
    return await intake.client.get(f"{BASE}{path}", params=query, headers=said)


async def test_its_sender_reads_where_it_stands_and_nothing_of_her(intake: World) -> None:
    case = await referred(intake)
    answer = await get(intake, f"/ServiceRequest/{case}")
    assert answer.status_code == 200, answer.text
    ServiceRequest.model_validate(answer.json())
    assert (answer.json()["id"], answer.json()["status"]) == (str(case), "active")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == str(UUID(int=90))
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        ("offered", "active"),
        ("waiting", "active"),
        ("supported", "active"),
        ("declined", "completed"),
        ("ended", "completed"),
    ],
)
async def test_how_support_goes_on_is_hers_to_tell(intake: World, standing: Standing, status: str) -> None:  # S16
    case = await referred(intake)
    await intake.executor.submit(Submission(HearStanding(case, standing, NOW), cause=UUID(int=9)))
    assert (await get(intake, f"/ServiceRequest/{case}")).json()["status"] == status


async def test_a_cancelled_one_is_revoked(intake: World) -> None:
    case = await referred(intake)
    await send(intake, cancellation(id=str(case)), headers(request=2))
    assert (await get(intake, f"/ServiceRequest/{case}")).json()["status"] == "revoked"


async def test_another_trusts_and_an_unknown_one_are_the_same_404(intake: World) -> None:  # S18
    case = await referred(intake)
    answers = [await get(intake, f"/ServiceRequest/{one}", trust="RZZ") for one in (case, UUID(int=7), "not-an-id")]
    assert {outcome(answer) for answer in answers} == {(404, "REC_NOT_FOUND", "not-found")}
    assert len({answer.content for answer in answers}) == 1


async def test_a_search_by_nhs_number_finds_its_own_referrals_only(intake: World) -> None:  # S18
    case = await referred(intake)
    found = await get(intake, "/ServiceRequest", **{"patient:identifier": f"{SYSTEM}|{NUMBER}"})
    Bundle.model_validate(found.json())
    assert [one["resource"]["id"] for one in found.json()["entry"]] == [str(case)]
    assert NUMBER not in found.text
    others = await get(intake, "/ServiceRequest", trust="RZZ", **{"patient:identifier": f"{SYSTEM}|{NUMBER}"})
    unknown = await get(intake, "/ServiceRequest", trust="RZZ", **{"patient:identifier": f"{SYSTEM}|9990000000"})
    assert others.json()["total"] == unknown.json()["total"] == 0
    assert others.content == unknown.content


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"patient:identifier": ""},
        {"patient:identifier": "9990000000"},
        {"patient:identifier": "urn:x|1"},
        {"patient:name": "x", "birthdate": "1990-01-01", "address-postalcode": "x"},
    ],
)
async def test_any_other_search_is_refused(intake: World, query: Any) -> None:
    assert outcome(await get(intake, "/ServiceRequest", **query)) == (400, "REC_BAD_REQUEST", "required")


@pytest.mark.parametrize(
    "contexts",
    [
        ["9990000002", "peer-support-perinatal"],
        ["https://fhir.nhs.uk/Id/dos-service-id|9990000002"],
        ["9990000002&context=peer-support-perinatal"],
    ],
)
async def test_a_sender_learns_what_a_service_takes(intake: World, contexts: list[str]) -> None:
    answer = await get(intake, "/MessageDefinition", context=contexts)
    assert answer.status_code == 200, answer.text
    Bundle.model_validate(answer.json())
    found = [one["resource"] for one in answer.json()["entry"]]
    assert answer.json()["total"] == len(found) == len({one["id"] for one in found})
    for one in found:
        MessageDefinition.model_validate(one)
        assert "9990000002" in str(one["useContext"])
    assert {(one["eventCoding"]["code"], one["url"].rpartition("-")[2]) for one in found} == {
        ("servicerequest-request", "referral"),
        ("servicerequest-request", "cancelled"),
        ("servicerequest-response", "referral"),
        ("servicerequest-response", "short"),
    }


@pytest.mark.parametrize("contexts", [["1"], ["9990000002", "a5t1"], ["peer-support-perinatal"]])
async def test_what_no_service_of_ours_takes_has_no_definition(intake: World, contexts: list[str]) -> None:
    assert (await get(intake, "/MessageDefinition", context=contexts)).json()["total"] == 0


async def test_a_request_without_ids_is_refused(intake: World) -> None:
    answer = await intake.client.get(f"{BASE}/ServiceRequest/{UUID(int=1)}")
    assert outcome(answer) == (400, "REC_BAD_REQUEST", "required")


@pytest.mark.parametrize("path", ["/Slot", "/Appointment", "/Appointment/1", "/DocumentReference/1"])
async def test_bookings_and_documents_are_not_offered(intake: World, path: str) -> None:
    assert outcome(await get(intake, path)) == (501, "REC_NOT_IMPLEMENTED", "not-supported")


async def test_codes_of_our_own_are_published(intake: World) -> None:
    found = [one["resource"] for one in (await get(intake, "/CodeSystem")).json()["entry"]]
    for one in found:
        CodeSystem.model_validate(one)
        assert (await get(intake, f"/CodeSystem/{one['id']}")).json() == one
        (alone,) = (await get(intake, "/CodeSystem", url=one["url"])).json()["entry"]
        assert alone["resource"] == one
    codes = {concept["code"] for one in found for concept in one["concept"]}
    assert codes >= {"peer-support-perinatal", "safe-to-contact", "not-safe-to-contact", "anxiety"}


async def test_a_code_system_of_others_is_not_here(intake: World) -> None:
    assert outcome(await get(intake, "/CodeSystem/snomed")) == (404, "REC_NOT_FOUND", "not-found")
    assert (await get(intake, "/CodeSystem", url="http://snomed.info/sct")).json()["total"] == 0
