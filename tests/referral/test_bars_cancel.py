"""A trust cancels its own referral by a message, as both published variants do it; what moved on stays as it is."""

from typing import Any
from uuid import UUID

import pytest

from services.referral.domain.commands import HearStanding
from services.referral.domain.state import CANCELLED
from shared.events.referral import ReferralWithdrawn, Standing
from shared.runtime.submission import Submission
from tests.referral.bodies import PLANNED, headers, message, outcome, resource, send
from tests.referral.cases import CHILD_AT_RISK, NOW
from tests.referral.test_bars import flag
from tests.referral.world import World, a_trust

KEPT = ("MessageHeader", "ServiceRequest", "Patient", "Organization")


def cancellation(number: int = 50, reason: str = "update", **request: Any) -> dict[str, Any]:
    """The published minimum: five entries, no encounter, no consent, no service."""
    sent = message(number)
    sent["entry"] = [one for one in sent["entry"] if one["resource"]["resourceType"] in KEPT]
    resource(sent, "MessageHeader")["reason"] = {"coding": [{"code": reason}]}
    whole = resource(sent, "ServiceRequest")
    for name in ("encounter", "basedOn", "performer", "requester", "authoredOn"):
        whole.pop(name, None)
    whole.update({"status": "revoked"} | {name: value for name, value in request.items() if value is not None})
    return sent


async def referred(intake: World, **said: Any) -> UUID:
    """A referral that was taken; its id as the sender received it."""
    answer = await send(intake, message(1), headers(**said))
    assert answer.status_code == 200, answer.text
    return UUID(resource(answer.json(), "ServiceRequest")["id"])


def withdrawals(intake: World) -> list[ReferralWithdrawn]:
    """What was taken back."""
    return [one for one in intake.events() if isinstance(one, ReferralWithdrawn)]


@pytest.mark.parametrize(("reason", "status"), [("update", "revoked"), ("delete", "entered-in-error")])
@pytest.mark.parametrize("named", [True, False])
async def test_both_published_ways_cancel_with_our_id_or_the_correlation_id_alone(
    intake: World, reason: str, status: str, named: bool
) -> None:
    case = await referred(intake)
    sent = cancellation(reason=reason, status=status, id=str(case) if named else None)
    answer = await send(intake, sent, headers(request=2))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["id"], resource(said, "ServiceRequest")["id"]) == (sent["id"], str(case))
    assert resource(said, "ServiceRequest")["status"] == status
    assert next(iter(resource(said, "MessageHeader")["reason"]["coding"]))["code"] == reason
    assert [(one.case, one.reason) for one in withdrawals(intake)] == [(case, CANCELLED)]
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


async def test_the_same_message_again_is_a_duplicate_and_another_one_changes_nothing(intake: World) -> None:
    case = await referred(intake)
    assert (await send(intake, cancellation(), headers(request=2))).status_code == 200
    again = outcome(await send(intake, cancellation(), headers(request=2)))
    assert again == (409, "REC_CONFLICT", "duplicate")
    assert (await send(intake, cancellation(id=str(case)), headers(request=3))).status_code == 200
    assert len(withdrawals(intake)) == 1


@pytest.mark.parametrize("standing", ["offered", "declined", "waiting", "supported", "ended"])
async def test_what_moved_on_is_not_cancelled_by_a_message(intake: World, standing: Standing) -> None:
    case = await referred(intake)
    heard = Submission(HearStanding(case, standing, NOW), cause=UUID(int=9))
    await intake.executor.submit(heard)
    for _ in range(2):
        refused = outcome(await send(intake, cancellation(id=str(case)), headers(request=2)))
        assert refused == (409, "REC_CONFLICT", "conflict")
    assert withdrawals(intake) == []


async def test_unknown_and_another_trusts_referral_are_refused_alike(intake: World) -> None:  # S18
    case = await referred(intake)
    answers = []
    for number, named in enumerate((str(case), str(UUID(int=7)), "not-an-id", None), 2):
        sent = cancellation(id=named)
        said = {name: value for name, value in headers(request=number).items() if name != "NHSD-End-User-Organisation"}
        for organisation in (one["resource"] for one in sent["entry"] if one["resource"]["resourceType"] == KEPT[-1]):
            organisation["identifier"] = [{"value": "RZZ"}]
        answer = await send(intake, sent, said | a_trust(intake.clock, "RZZ"))
        answers.append((outcome(answer), answer.content))
    assert {one for one, _ in answers} == {(404, "REC_NOT_FOUND", "not-found")}
    assert len({content for _, content in answers}) == 1
    assert withdrawals(intake) == []


async def test_under_a_correlation_id_of_several_referrals_none_is_guessed(intake: World) -> None:
    await referred(intake)
    assert (await send(intake, message(2, PLANNED[1]), headers(request=3))).status_code == 200
    assert outcome(await send(intake, cancellation(), headers(request=4)))[0] == 404
    assert withdrawals(intake) == []


async def test_a_worry_in_a_cancellation_is_raised_whether_it_cancels_or_not(intake: World) -> None:  # S1, S3
    case = await referred(intake)
    sent = cancellation(id=str(case))
    sent["entry"].append(flag(CHILD_AT_RISK))
    assert (await send(intake, sent, headers(request=2))).status_code == 200
    assert [(one.case, one.code) for one in intake.worries()] == [(case, CHILD_AT_RISK)]
    lost = cancellation(number=51, id=str(UUID(int=7)))
    lost["entry"].append(flag(CHILD_AT_RISK))
    assert (await send(intake, lost, headers(request=3))).status_code == 404
    assert len(intake.worries()) == 2


async def test_a_new_worry_in_a_cancellation_that_comes_too_late_is_raised(intake: World) -> None:  # S1, S3
    case = await referred(intake)
    await intake.executor.submit(Submission(HearStanding(case, "offered", NOW), cause=UUID(int=9)))
    sent = cancellation(id=str(case))
    sent["entry"].append(flag(CHILD_AT_RISK))
    for _ in range(2):
        assert outcome(await send(intake, sent, headers(request=2))) == (409, "REC_CONFLICT", "conflict")
    assert [(one.case, one.code) for one in intake.worries()] == [(case, CHILD_AT_RISK)]


BROKEN: dict[str, tuple[dict[str, Any], int, str]] = {
    "reason new": ({"reason": "new"}, 400, "invariant"),
    "status completed": ({"status": "completed"}, 400, "invariant"),
    "deleted while active": ({"reason": "delete", "status": "active"}, 400, "invariant"),
    "another category": ({"category": [{"coding": [{"code": "validation"}, {"code": "a4t1"}]}]}, 400, "invariant"),
    "an order": ({"intent": "order"}, 400, "invariant"),
    "no subject": ({"subject": {}}, 400, "invariant"),
    "an update of what is active, without what an update holds": ({"status": "active"}, 400, "invariant"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_cancellation_that_breaks_a_rule_changes_nothing(intake: World, name: str) -> None:
    case = await referred(intake)
    changes, status, issue = BROKEN[name]
    answer = await send(intake, cancellation(id=str(case), **changes), headers(request=2))
    assert outcome(answer)[::2] == (status, issue)
    assert withdrawals(intake) == []
