"""What of her safeguarding gets: enough to reach her, no relative, no word of her story; sealed when it is pushed."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.referral.adapters.cards import Cards, Enclosing
from services.referral.adapters.queries import People, Referrals
from shared.access.letters import Letters, Reading
from shared.access.service_keys import for_service
from shared.runtime.outgoing import Outgoing, outgoing
from shared.testing.access import memory_guard, signer
from shared.testing.issuer import access_settings
from tests.referral.bodies import PLANNED, WITH_FLAG, body, message, post, resource, send
from tests.referral.cases import CHILD_AT_RISK
from tests.referral.world import World

FLAGGED = "referral.worry_flagged.v1"
WHOM = {"given", "family", "birth_date", "phone", "safe_to_contact", "postcode", "baby"}


@pytest.fixture
async def keys() -> AsyncIterator[Path]:
    """Where every service's keys are in tests."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(access_settings(Path(folder), "safeguarding")["trusted_keys"]).parent


def enclosing(intake: World, keys: Path) -> Enclosing:
    """What referral's push asks."""
    cards = Cards(Referrals(intake.executor), People(intake.vault))  # type: ignore[arg-type]
    guard = memory_guard("referral", intake.clock, intake.audit)
    return Enclosing(cards, Letters(keys / "trusted"), guard)


def worry(intake: World) -> Outgoing:
    """The worry as it is pushed."""
    return next(one for commit in intake.store.journal for one in outgoing(commit) if one.type == FLAGGED)


async def test_a_worry_takes_along_her_card_which_only_safeguarding_opens(intake: World, keys: Path) -> None:
    case = (await post(intake, body(flags=[CHILD_AT_RISK], text="her story"))).json()["id"]
    enclosed = await enclosing(intake, keys)(worry(intake))
    opened = Reading(keys / "signing" / "safeguarding").open(enclosed["card"])

    person = body()["person"]
    assert opened["case"] == case
    assert opened["card"].keys() == WHOM
    assert opened["card"]["phone"] == person["phone"]
    assert opened["card"]["baby"] == body()["baby"]
    assert not any(word in enclosed["card"] for word in PLANNED[0].person.words())
    note = intake.audit.noted[-1]
    assert (note.operation, note.purpose, note.subjects) == ("people.lookup", "contact_card", (case,))
    assert note.caller.id == "safeguarding"


async def test_nobodys_card_goes_along_with_a_worry_of_a_refused_message_or_of_somebody_erased(
    intake: World, keys: Path
) -> None:
    case = UUID((await post(intake, body(flags=[CHILD_AT_RISK]))).json()["id"])
    del intake.vault.sealed[case]
    assert await enclosing(intake, keys)(worry(intake)) == {}

    flagged = worry(intake)
    of_nobody = [one for one in flagged.headers if one[0] != "ce_subject"]
    refused = Outgoing(flagged.id, flagged.type, flagged.topics, flagged.key, flagged.data, of_nobody)
    assert await enclosing(intake, keys)(refused) == {}


async def test_no_relative_and_no_code_is_on_a_card(intake: World, keys: Path) -> None:  # S9
    sent = message(planned=WITH_FLAG)
    patient = resource(sent, "Patient")
    brother = {"relationship": [{"coding": [{"code": "BRO"}]}], "name": {"family": "Brother-Test"}}
    patient["contact"] = [
        *patient.get("contact", []),
        brother | {"telecom": [{"system": "phone", "value": "07700 900999"}]},
    ]
    assert (await send(intake, sent)).status_code == 200
    opened = Reading(keys / "signing" / "safeguarding").open((await enclosing(intake, keys)(worry(intake)))["card"])

    assert "07700 900999" not in str(opened)
    assert "Brother" not in str(opened)
    assert not {"contacts", "nhs_number", "flags", "text", "unknown"} & opened["card"].keys()


async def test_safeguarding_asks_for_a_card_and_gets_the_same(intake: World, keys: Path) -> None:
    case = (await post(intake, body(flags=[CHILD_AT_RISK]))).json()["id"]
    pushed = Reading(keys / "signing" / "safeguarding").open((await enclosing(intake, keys)(worry(intake)))["card"])
    proof = {"Authorization": for_service(signer("safeguarding", intake.clock), "referral")}
    asked = {"ids": [case, str(UUID(int=9))], "purpose": "contact_card"}
    answer = await intake.client.post("/people/lookup", json=asked, headers=proof)

    assert answer.json() == {"people": {case: pushed["card"]}}
    outcomes = {"Authorization": for_service(signer("outcomes", intake.clock), "referral")}
    assert (await intake.client.post("/people/lookup", json=asked, headers=outcomes)).status_code == 403
