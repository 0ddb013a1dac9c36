"""A trust answers by a message nobody asked for: it is taken, worries are raised, and its words wait for a reader."""

from typing import Any
from uuid import UUID

import pytest

from services.referral.domain.commands import HearStanding
from services.referral.domain.messages import KeepMessage, MarkMessageRead, Unkept, decide_message, evolve_message
from shared.events.ids import message_id
from shared.events.referral import MessageKept, MessageRead, ReferralUpdated
from shared.runtime.decider import Decider
from shared.runtime.submission import Submission
from shared.testing.scenario import Scenario
from tests.referral.bodies import PLANNED, headers, message, outcome, resource, send
from tests.referral.cases import CHILD_AT_RISK, NOW, flagged, worry
from tests.referral.test_bars import flag
from tests.referral.test_bars_cancel import referred
from tests.referral.world import World, a_trust

MESSAGE = UUID(int=5)
PLAIN = KeepMessage(MESSAGE, "RXX")
messages = Scenario(Decider("message", Unkept(), decide_message, evolve_message))
kept, read = MessageKept(occurred_at=NOW, organisation="RXX"), MessageRead(occurred_at=NOW, by="project-manager/p-7")


def response(number: int = 70, **answered: Any) -> dict[str, Any]:
    """She did not come: the nearest published precedent, from the simulator's own message."""
    sent = message(number)
    header = resource(sent, "MessageHeader")
    header["eventCoding"] = header["eventCoding"] | {"code": "servicerequest-response"}
    header["response"] = {"identifier": str(UUID(int=1)), "code": "ok"} | answered
    resource(sent, "ServiceRequest")["status"] = "revoked"
    body = {"resourceType": "Appointment", "status": "noshow", "meta": {"lastUpdated": "2026-11-24T09:00:00Z"}}
    sent["entry"].append({"fullUrl": f"urn:uuid:{UUID(int=78)}", "resource": body})
    return sent


def test_a_message_is_kept_once_with_its_worry() -> None:  # S3
    one = worry()
    asked = KeepMessage(MESSAGE, "RXX", worries=(one,))
    assert messages.when(asked, now=NOW) == [kept, flagged(one, None)]
    assert messages.given(kept).when(asked, now=NOW) == []


def test_it_is_read_once_by_a_named_person() -> None:  # S13
    asked = MarkMessageRead(MESSAGE, "project-manager/p-7")
    assert messages.given(kept).when(asked, now=NOW) == [read]
    assert messages.given(kept, read).when(asked, now=NOW) == []
    assert messages.when(asked, now=NOW).rejects("referral.no_message")


async def test_one_about_an_open_referral_is_more_of_its_story(intake: World) -> None:
    case = await referred(intake)
    sent = response()
    answer = await send(intake, sent, headers(request=2))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["id"], resource(said, "ServiceRequest")["id"]) == (sent["id"], str(case))
    assert resource(said, "MessageHeader")["eventCoding"]["code"] == "servicerequest-response"
    (updated,) = [one for one in intake.events() if isinstance(one, ReferralUpdated)]
    assert (updated.case, updated.text_unread) == (case, True)
    newest = (await intake.vault.of(case))[-1]
    assert "servicerequest: revoked\nappointment: noshow" in newest["text"]
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


@pytest.mark.parametrize("correlation", [2, 99])
async def test_one_about_a_closed_or_an_unknown_referral_is_kept(intake: World, correlation: int) -> None:  # S3, S13
    case = await referred(intake)
    await intake.executor.submit(Submission(HearStanding(case, "declined", NOW), cause=UUID(int=9)))
    sent = response()
    sent["entry"].append(flag(CHILD_AT_RISK))
    for status in (200, 409):
        answer = await send(intake, sent, headers(request=2, correlation=correlation))
        assert answer.status_code == status, answer.text
    about = case if correlation == 2 else None
    (waits,) = [one for one in intake.events() if isinstance(one, MessageKept)]
    assert (waits.case, waits.organisation) == (about, "RXX")
    assert [(one.case, one.code) for one in intake.worries()] == [(about, CHILD_AT_RISK)]
    (record,) = await intake.vault.of(message_id("RXX", str(UUID(int=2))))
    assert record["text"].startswith("servicerequest: revoked\nappointment: noshow")
    assert intake.store.journal[-1].site == PLANNED[0].site


async def test_another_trusts_answer_never_touches_the_referral(intake: World) -> None:  # S18
    case = await referred(intake)
    before = await intake.vault.of(case)
    sent = response()
    for organisation in (e["resource"] for e in sent["entry"] if e["resource"]["resourceType"] == "Organization"):
        organisation["identifier"] = [{"value": "RZZ"}]
    said = {name: value for name, value in headers(request=2).items() if name != "NHSD-End-User-Organisation"}
    answer = await send(intake, sent, said | a_trust(intake.clock, "RZZ"))
    assert answer.status_code == 200
    assert str(case) not in answer.text
    assert await intake.vault.of(case) == before


def short(sent: dict[str, Any]) -> dict[str, Any]:
    """The short form: two encounters, and neither plan nor consent nor service."""
    left_out = ("CarePlan", "Consent", "HealthcareService", "Appointment")
    sent["entry"] = [one for one in sent["entry"] if one["resource"]["resourceType"] not in left_out]
    second = resource(sent, "Encounter") | {}
    sent["entry"].append({"fullUrl": f"urn:uuid:{UUID(int=79)}", "resource": second})
    return sent


async def test_the_short_form_is_taken_too(intake: World) -> None:
    assert (await send(intake, short(response()), headers())).status_code == 200


@pytest.mark.parametrize("answered", [{"identifier": ""}, {"code": ""}])
async def test_one_that_answers_nothing_is_refused(intake: World, answered: Any) -> None:
    assert outcome(await send(intake, response(**answered), headers()))[::2] == (400, "invariant")
    assert intake.events()[0].wire == "referral.refused.v1"


@pytest.mark.parametrize("status", [None, 7, ["active"]])
async def test_one_that_does_not_say_how_the_request_stands_is_refused(intake: World, status: Any) -> None:
    sent = response()
    resource(sent, "ServiceRequest")["status"] = status
    assert outcome(await send(intake, sent, headers()))[::2] == (400, "invariant")


async def test_a_response_that_deletes_is_no_workflow(intake: World) -> None:
    sent = response()
    resource(sent, "MessageHeader")["reason"] = {"coding": [{"code": "delete"}]}
    assert outcome(await send(intake, sent, headers()))[::2] == (400, "invariant")
