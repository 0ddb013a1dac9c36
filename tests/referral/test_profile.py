"""docs/profile.md is true: its example is a valid message that is taken, and each thing is found where it says."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from services.referral.adapters.bars_definitions import code_systems
from services.referral.app import profile, programme_data
from tests.referral.bodies import headers, message, resource, send
from tests.referral.cases import ABUSE_AT_HOME
from tests.referral.test_bars import flag
from tests.referral.world import World, world

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE: dict[str, Any] = json.loads((DOCS / "profile-example.json").read_text())
PAGE = (DOCS / "profile.md").read_text()
CONTACT = "https://beside.example/CodeSystem/contact"


def contact(code: str, **more: Any) -> dict[str, Any]:
    """Our flag about contacting her."""
    said = flag(None)
    said["resource"]["code"] = {"coding": [{"system": CONTACT, "code": code}]}
    said["resource"] |= more
    return said


async def taken(intake: World, sent: dict[str, Any]) -> dict[str, Any]:
    """What the vault has of whoever the message is about."""
    answer = await send(intake, sent)
    assert answer.status_code == 200, answer.text
    (received,) = intake.received()
    assert received.case is not None
    (record,) = await intake.vault.of(received.case)
    return record


async def test_the_example_is_a_valid_message_and_is_taken_in_production_too() -> None:
    Bundle.model_validate(EXAMPLE)
    async with world(conformance=False) as intake:
        record = await taken(intake, EXAMPLE)
        (received,) = intake.received()

    assert received.baby is not None
    assert (received.baby.kind, received.source, received.text_unread) == ("due", "midwife", True)
    measures = {one.instrument: one for one in received.measures}
    assert measures.keys() == {"HADS", "EPDS", "GAD-7"}
    assert (len(measures["EPDS"].items), measures["GAD-7"].totals) == (10, {"total": 9})
    assert (record["language"], record["interpreter"], record["safe_to_contact"]) == (["pl"], "yes", "yes")
    assert (record["nhs_number_status"], record["nhs_number_verification"]) == ("sender_verified", "01")
    assert record["text"] == "Asks for somebody who has been through this herself."


async def test_without_a_due_date_the_youngest_child_counts(intake: World) -> None:
    sent = json.loads(json.dumps(EXAMPLE))
    sent["entry"] = [one for one in sent["entry"] if "11778-8" not in str(one)]
    await taken(intake, sent)
    (received,) = intake.received()
    assert received.baby is not None
    assert (received.baby.kind, received.baby.on) == ("born", date(2023, 3, 5))


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (["safe-to-contact"], "yes"),
        (["not-safe-to-contact"], "no"),
        (["safe-to-contact", "not-safe-to-contact"], "no"),
        (["something-else"], "not_asked"),
        ([], "not_asked"),
    ],
)
async def test_what_the_sender_was_told_about_contact(intake: World, said: list[str], means: str) -> None:  # S9
    sent = message()
    sent["entry"] += [one | {"fullUrl": f"{one['fullUrl'][:-1]}{n}"} for n, one in enumerate(map(contact, said))]
    assert (await taken(intake, sent))["safe_to_contact"] == means


async def test_an_ended_word_does_not_count_and_a_flag_of_abuse_wins(intake: World) -> None:  # S9
    sent = message()
    sent["entry"] += [contact("safe-to-contact") | {"fullUrl": "urn:uuid:c"}, flag(ABUSE_AT_HOME)]
    assert (await taken(intake, sent))["safe_to_contact"] == "no"
    async with world() as another:
        ended = message()
        ended["entry"].append(contact("safe-to-contact", status="inactive"))
        assert (await taken(another, ended))["safe_to_contact"] == "not_asked"


@pytest.mark.parametrize(
    ("system", "code", "status", "verification"),
    [
        ("current", "01", "sender_verified", "01"),
        ("current", "02", "unverified", "02"),
        ("retired", "number-present-and-verified", "sender_verified", "01"),
        ("retired", "trace-required", "unverified", "03"),
        ("another", "x", "unverified", None),
    ],
)
async def test_how_a_number_was_verified_is_kept_as_the_current_codes_say_it(
    intake: World, system: str, code: str, status: str, verification: str | None
) -> None:
    sent = message()
    said = {"url": "verification", "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
    resource(sent, "Patient")["identifier"][0]["extension"] = [said]
    record = await taken(intake, sent)
    assert (record["nhs_number_status"], record.get("nhs_number_verification")) == (status, verification)


def test_the_page_names_every_code_of_our_own_and_every_place() -> None:
    systems = code_systems(profile(), programme_data().conditions)
    for one in systems:
        assert one["url"] in PAGE
    named = [
        "11778-8",
        *profile().observations,
        *(one["code"] for one in systems[0]["concept"] + systems[1]["concept"]),
    ]
    assert [code for code in named if code not in PAGE] == []
    assert "compliant" not in PAGE.lower()


def test_every_header_of_a_sender_is_on_the_page() -> None:
    ours = {name for name in headers() if name not in ("Content-Type", "Accept")}
    assert [name for name in ours if name not in PAGE] == []
