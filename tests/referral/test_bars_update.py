"""A trust says more about its own referral by a message: it adds and corrects, and takes nothing dangerous back."""

from typing import Any
from uuid import UUID

import pytest

from services.referral.adapters.bars_updating import more_of_her
from services.referral.domain.commands import HearStanding
from shared.events.referral import ReferralUpdated, Standing
from shared.runtime.submission import Submission
from tests.referral.bodies import DAY, PLANNED, headers, message, outcome, resource, send
from tests.referral.cases import ABUSE_AT_HOME, CHILD_AT_RISK, NOW
from tests.referral.test_bars import flag
from tests.referral.test_bars_cancel import cancellation, referred
from tests.referral.world import World, a_trust


def update(number: int = 60, **request: Any) -> dict[str, Any]:
    """The whole message once more, as an update."""
    sent = message(number)
    resource(sent, "MessageHeader")["reason"] = {"coding": [{"code": "update"}]}
    resource(sent, "ServiceRequest").update({name: value for name, value in request.items() if value is not None})
    return sent


def updates(intake: World) -> list[ReferralUpdated]:
    """What was said later."""
    return [one for one in intake.events() if isinstance(one, ReferralUpdated)]


async def known(intake: World, case: UUID) -> dict[str, Any]:
    """Everything in the vault, newest word last."""
    together: dict[str, Any] = {}
    for record in await intake.vault.of(case):
        together |= record
    return together


@pytest.mark.parametrize("named", [True, False])
async def test_an_update_finds_its_referral_by_our_id_or_by_the_correlation_id(intake: World, named: bool) -> None:
    case = await referred(intake)
    sent = update(id=str(case) if named else None)
    answer = await send(intake, sent, headers(request=2))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["id"], resource(said, "ServiceRequest")["id"]) == (sent["id"], str(case))
    assert next(iter(resource(said, "MessageHeader")["reason"]["coding"]))["code"] == "update"
    assert [one.case for one in updates(intake)] == [case]
    assert len(intake.received()) == 1
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


async def test_the_newest_word_about_her_counts_and_the_oldest_stays_where_nothing_is_said(intake: World) -> None:
    case = await referred(intake)
    before = await known(intake, case)
    sent = update()
    patient = resource(sent, "Patient")
    patient["address"] = [{"line": ["2 New Street"], "postalCode": "ZZ99 3VZ"}]
    patient.pop("birthDate", None)
    assert (await send(intake, sent, headers(request=2))).status_code == 200
    after = await known(intake, case)
    assert (after["postcode"], after.get("birth_date")) == ("ZZ99 3VZ", before.get("birth_date"))
    assert await intake.vault.find("postcode", "ZZ99 3VZ") == [case]


async def test_new_words_wait_for_a_reader_and_the_old_ones_stay(intake: World) -> None:  # S4
    first = message(1)
    resource(first, "CarePlan")["activity"] = [{"outcomeCodeableConcept": [{"text": "Sleeps badly."}]}]
    answer = await send(intake, first, headers())
    case = UUID(resource(answer.json(), "ServiceRequest")["id"])
    sent = update(id=str(case))
    texts = [{"text": "Sleeps badly."}, {"text": "Asked for an interpreter."}]
    resource(sent, "CarePlan")["activity"] = [{"outcomeCodeableConcept": texts}]
    assert (await send(intake, sent, headers(request=2))).status_code == 200
    same = update(61, id=str(case))
    resource(same, "CarePlan")["activity"] = [{"outcomeCodeableConcept": texts}]
    assert (await send(intake, same, headers(request=3))).status_code == 200

    assert [one.text_unread for one in updates(intake)] == [True, False]
    assert (await known(intake, case))["text"] == f"Sleeps badly.\n\n{NOW.date()}:\nAsked for an interpreter."


async def test_a_flag_that_was_raised_before_is_raised_once_and_a_new_one_now(intake: World) -> None:  # S6
    first = message(1)
    first["entry"].append(flag(CHILD_AT_RISK))
    case = UUID(resource((await send(intake, first, headers())).json(), "ServiceRequest")["id"])
    sent = update(id=str(case))
    sent["entry"] += [flag(CHILD_AT_RISK), flag(ABUSE_AT_HOME)]
    for request in (2, 3):
        assert (await send(intake, sent, headers(request=request))).status_code == 200
    assert [(one.case, one.code) for one in intake.worries()] == [(case, CHILD_AT_RISK), (case, ABUSE_AT_HOME)]


async def test_contact_that_was_unsafe_stays_unsafe_and_its_flag_is_still_shown(intake: World) -> None:  # S6 S9
    first = message(1)
    first["entry"].append(flag(ABUSE_AT_HOME))
    case = UUID(resource((await send(intake, first, headers())).json(), "ServiceRequest")["id"])
    assert (await send(intake, update(id=str(case)), headers(request=2))).status_code == 200
    after = await known(intake, case)
    assert after["safe_to_contact"] == "no"
    assert [one["code"] for one in after["flags"]] == [ABUSE_AT_HOME]


@pytest.mark.parametrize("standing", ["offered", "waiting", "supported"])
async def test_it_may_be_updated_as_long_as_it_is_open(intake: World, standing: Standing) -> None:
    case = await referred(intake)
    await intake.executor.submit(Submission(HearStanding(case, standing, NOW), cause=UUID(int=9)))
    assert (await send(intake, update(id=str(case)), headers(request=2))).status_code == 200


@pytest.mark.parametrize("standing", ["declined", "ended"])
async def test_one_that_is_closed_changes_no_more_but_its_worry_is_raised(
    intake: World, standing: Standing
) -> None:  # S1 S3
    case = await referred(intake)
    await intake.executor.submit(Submission(HearStanding(case, standing, NOW), cause=UUID(int=9)))
    before = await known(intake, case)
    sent = update(id=str(case))
    sent["entry"].append(flag(CHILD_AT_RISK))
    assert outcome(await send(intake, sent, headers(request=2))) == (409, "REC_CONFLICT", "conflict")
    assert (updates(intake), await known(intake, case)) == ([], before)
    assert [(one.case, one.code) for one in intake.worries()] == [(case, CHILD_AT_RISK)]


async def test_a_cancelled_one_is_not_revived(intake: World) -> None:
    case = await referred(intake)
    assert (await send(intake, cancellation(id=str(case)), headers(request=2))).status_code == 200
    assert outcome(await send(intake, update(id=str(case)), headers(request=3)))[::2] == (409, "conflict")


async def test_unknown_and_another_trusts_referral_are_refused_alike_and_nothing_is_kept(intake: World) -> None:  # S18
    case = await referred(intake)
    before, answers = await known(intake, case), []
    for number, named in enumerate((str(case), str(UUID(int=7))), 2):
        sent = update(id=named)
        for organisation in (e["resource"] for e in sent["entry"] if e["resource"]["resourceType"] == "Organization"):
            organisation["identifier"] = [{"value": "RZZ"}]
        said = {name: value for name, value in headers(request=number).items() if name != "NHSD-End-User-Organisation"}
        answers.append(await send(intake, sent, said | a_trust(intake.clock, "RZZ")))
    assert {outcome(one) for one in answers} == {(404, "REC_NOT_FOUND", "not-found")}
    assert len({one.content for one in answers}) == 1
    assert (updates(intake), await known(intake, case)) == ([], before)


async def test_the_same_message_again_is_a_duplicate(intake: World) -> None:
    case = await referred(intake)
    assert (await send(intake, update(id=str(case)), headers(request=2))).status_code == 200
    again = outcome(await send(intake, update(id=str(case)), headers(request=2)))
    assert again == (409, "REC_CONFLICT", "duplicate")
    assert len(updates(intake)) == 1


@pytest.mark.parametrize("before", ["yes", "no", "not_asked"])
def test_a_sender_can_say_that_contact_is_not_safe_and_never_that_it_is(before: str) -> None:  # S9
    for said in ("no", "not_asked"):
        after = {"safe_to_contact": before} | more_of_her(
            {"safe_to_contact": before}, {"safe_to_contact": said}, day=DAY.date()
        )
        assert after["safe_to_contact"] == ("no" if said == "no" else before)
