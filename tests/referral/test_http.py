"""The JSON door: what it takes, what it answers, what it never says."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.referral.domain.commands import HearStanding
from shared.access.glass.kept import Glass
from shared.runtime.submission import Submission
from tests.referral.bodies import body, post, words
from tests.referral.cases import ABUSE_AT_HOME, CHILD_AT_RISK, NOW
from tests.referral.world import World, nobody, staff

PROJECT_MANAGER = "project-manager/lpm-1"


async def test_a_referral_is_taken_sealed_before_it_is_committed_and_can_be_read(intake: World) -> None:
    answer = await post(intake, body())
    assert answer.status_code == 201
    said = answer.json()
    assert said["status"] == "received"
    assert said["version"] == 1
    assert answer.headers["Location"] == f"/api/referrals/{said['id']}"
    assert intake.vault.commits_before == [0]

    found = (await intake.client.get(answer.headers["Location"])).json()
    assert found["programme"] == "parents-in-mind"
    assert (found["site"], found["status"]) == (body()["site"], "received")
    assert "version" not in found, "it would rise with what she did not give away"  # S16
    assert "person" not in found


async def test_nothing_that_identifies_her_is_committed(intake: World) -> None:
    await post(intake, body(text=f"Her name is {words()[0]}"))
    (received,) = intake.received()
    assert received.text_unread
    journal = " ".join(str(commit.to_document()) for commit in intake.store.journal)
    assert not [word for word in words() if word in journal]


async def test_the_same_request_again_gets_the_same_answer(intake: World) -> None:
    first, again = await post(intake, body()), await post(intake, body())
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert len(intake.received()) == 1


async def test_the_same_key_with_another_body_is_refused(intake: World) -> None:
    await post(intake, body())
    assert (await post(intake, body(source="gp"))).status_code == 422
    assert len(intake.received()) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"site": "nowhere"}, "site"),
        ({"programme": "none-such"}, "programme"),
        ({"source": "the postman"}, "source"),
        ({"person": {"given": "A"}}, "person.family"),
        ({"baby": {"due": "2027-01-01", "born": "2026-01-01"}}, "baby"),
        ({"baby": {"due": "soon"}}, "baby.due"),
        ({"measures": [{"instrument": "HADS", "version": "1", "taken_on": "2026-11-01"}]}, "measures.0"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(intake: World, changes: dict[str, Any], field: str) -> None:
    answer = await post(intake, body(**changes))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert intake.events() == []


async def test_a_refusal_repeats_nobodys_words(intake: World) -> None:
    sent = body()
    sent["person"]["birth_date"] = f"not a date {words()[0]}"
    sent["person"][words()[0]] = "x"
    answer = await post(intake, sent)
    assert answer.status_code == 422
    assert not [word for word in words() if word in answer.text]


async def test_without_a_key_a_referral_is_refused(intake: World) -> None:
    answer = await intake.client.post("/api/referrals", json=body())
    assert answer.status_code == 400
    assert intake.events() == []


async def test_an_nhs_number_that_does_not_check_is_taken_marked_and_never_searched_by(intake: World) -> None:  # S17
    sent = body()
    sent["person"]["nhs_number"] = "999 000 0001"
    case = UUID((await post(intake, sent)).json()["id"])
    (record,) = intake.vault.sealed[case]
    assert (record["nhs_number"], record["nhs_number_status"]) == ("9990000001", "does_not_check")
    assert "nhs_number" not in intake.vault.indexed[case]
    assert {"phone", "postcode"} <= intake.vault.indexed[case].keys()


async def test_flags_become_signals_with_one_worry_each_and_close_the_contact(intake: World) -> None:  # S6 S9
    answer = await post(intake, body(flags=[CHILD_AT_RISK, ABUSE_AT_HOME, CHILD_AT_RISK]))
    assert answer.json()["version"] == 3
    assert [(one.code, one.level) for one in intake.worries()] == [(CHILD_AT_RISK, "now"), (ABUSE_AT_HOME, "today")]
    (received,) = intake.received()
    assert {one.signal_id for one in received.signals} == {one.signal_id for one in intake.worries()}
    assert intake.vault.sealed[UUID(answer.json()["id"])][0]["safe_to_contact"] == "no"


async def test_who_she_is_is_read_by_staff_only(intake: World) -> None:
    location = (await post(intake, body())).headers["Location"]
    trust = await intake.client.get(location)
    volunteer = await intake.client.get(location, headers=staff(intake, "volunteer/v-1"))
    shown = await intake.client.get(location, headers=staff(intake, PROJECT_MANAGER))
    assert "person" not in trust.json()
    assert volunteer.status_code == 403
    assert shown.json()["person"]["family"] == body()["person"]["family"]


async def test_people_are_looked_up_by_id_for_a_purpose(intake: World) -> None:
    case = (await post(intake, body(text="a word"))).json()["id"]
    asked = {"ids": [case, str(UUID(int=9))], "purpose": "support"}
    answer = await intake.client.post("/people/lookup", json=asked, headers=staff(intake, PROJECT_MANAGER))
    assert list(answer.json()["people"]) == [case]
    assert answer.json()["people"][case]["given"] == body()["person"]["given"]
    assert "text" not in answer.json()["people"][case]

    assert (await nobody(intake).post("/people/lookup", json=asked)).status_code == 401
    other = await intake.client.post("/people/lookup", json=asked, headers=staff(intake, "evaluator/e-1"))
    assert other.status_code == 403
    many = asked | {"ids": [str(UUID(int=number)) for number in range(201)]}
    assert (
        await intake.client.post("/people/lookup", json=many, headers=staff(intake, PROJECT_MANAGER))
    ).status_code == 422


class Broken:
    """A guard's glasses, all of them broken."""

    async def of(self, _: Any) -> Glass:
        """Hers."""
        return Glass(UUID(int=7), "immediate-safety", NOW, NOW + timedelta(minutes=30))


async def test_another_sites_referral_is_read_in_full_beyond_ones_row_and_noted_as_that(intake: World) -> None:
    location = (await post(intake, body(site="halton"))).headers["Location"]
    elsewhere = staff(intake, PROJECT_MANAGER, sites=["newham"])
    before = await intake.client.get(location, headers=elsewhere)
    intake.app.state.guard._glasses = Broken()
    during = await intake.client.get(location, headers=elsewhere)
    worker = await intake.client.get(location, headers=staff(intake, "triage-worker/t-1", sites=["newham"]))

    assert (before.status_code, during.status_code, worker.status_code) == (404, 200, 404)
    assert during.json()["person"]["given"] == body()["person"]["given"]
    noted = {one.operation for one in intake.audit.noted if one.purpose == "break-glass"}
    assert noted == {"referral.read", "referral.identity"}


async def test_a_status_heard_from_others_is_what_is_read(intake: World) -> None:
    location = (await post(intake, body())).headers["Location"]
    case = UUID(location.rsplit("/", 1)[1])
    await intake.executor.submit(Submission(HearStanding(case, "offered", NOW), cause=UUID(int=5)))
    assert (await intake.client.get(location)).json()["status"] == "offered"


async def test_a_referral_is_taken_back_once_on_a_named_persons_word(intake: World) -> None:
    location = (await post(intake, body())).headers["Location"]
    url, why = f"{location}/withdraw", {"reason": "her_wish"}
    assert (await nobody(intake).post(url, json=why, headers={"Idempotency-Key": "key-0002"})).status_code == 401
    said = staff(intake, PROJECT_MANAGER) | {"Idempotency-Key": "key-0002"}
    first, again = [await intake.client.post(url, json=why, headers=said) for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (200, "closed")
    assert again.json() == first.json()
    assert (await intake.client.get(location)).json()["status"] == "closed"
    other = await intake.client.post(url, json={"reason": "by_sender"}, headers=said)
    assert other.status_code == 422


async def test_an_unknown_referral_is_not_found(intake: World) -> None:
    assert (await intake.client.get(f"/api/referrals/{UUID(int=3)}")).status_code == 404
    assert (await intake.client.get("/api/referrals/word")).status_code == 422


async def test_numbers_and_names_of_fields_alone_are_answered_for_the_openapi_reader(intake: World) -> None:
    paths = (await intake.client.get("/openapi.json")).json()["paths"]
    assert {"/api/referrals", "/api/referrals/{case}", "/people/lookup"} <= paths.keys()
    assert "ReferralRequest" in json.dumps(paths["/api/referrals"])
