"""No refusal leaves before the worry in what it refuses is durable: every fault there is, with and without a flag."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.simulate.bundles import TRUST
from services.referral.adapters.salvage import salvage
from shared.events.ids import signal_id_from_message
from shared.events.referral import ReferralRefused, ReferralUnreadable
from tests.referral.bodies import WITH_FLAG, body, headers, message, post, resource, send
from tests.referral.cases import CHILD_AT_RISK, DATA, NOW
from tests.referral.world import World, a_trust, world

FLAGGED = body(flags=[CHILD_AT_RISK])
TOO_LARGE = {"text": "x" * 1_100_000}

Fault = tuple[str, str, dict[str, str], Any, int]
JSON_FAULTS: list[Fault] = [
    ("POST", "/api/referrals", {"Idempotency-Key": "short"}, {}, 400),
    ("POST", "/api/referral", {}, {}, 404),
    ("PUT", "/api/referrals", {}, {}, 405),
    ("POST", "/api/referrals", {}, TOO_LARGE, 413),
    ("POST", "/api/referrals", {"Content-Type": "text/plain"}, {}, 415),
    ("POST", "/api/referrals", {}, {"surprise": 1}, 422),
    ("POST", "/api/referrals", {}, {"person": None, "site": 7}, 422),
]


@pytest.mark.parametrize("fault", JSON_FAULTS, ids=lambda fault: f"{fault[4]}-{fault[0]}")
async def test_a_refused_body_with_a_flag_leaves_exactly_one_worry(intake: World, fault: Fault) -> None:  # S3 S27
    method, path, said, changes, status = fault
    said = {"Idempotency-Key": "key-0001", "Content-Type": "application/json"} | said
    for _ in range(2):  # the second is a replay and raises nothing new
        answer = await intake.client.request(method, path, content=orjson.dumps(FLAGGED | changes), headers=said)
        assert answer.status_code == status
    (worry,) = intake.worries()
    assert (worry.case, worry.code, worry.level) == (None, CHILD_AT_RISK, "now")
    assert intake.received() == []
    (fact,) = [one for one in intake.events() if isinstance(one, ReferralRefused)]
    assert (fact.status, fact.organisation) == (status, TRUST)


@pytest.mark.parametrize("fault", JSON_FAULTS, ids=lambda fault: f"{fault[4]}-{fault[0]}")
async def test_a_refused_body_without_a_worry_leaves_nothing(intake: World, fault: Fault) -> None:
    method, path, said, changes, status = fault
    said = {"Idempotency-Key": "key-0001", "Content-Type": "application/json"} | said
    answer = await intake.client.request(method, path, content=orjson.dumps(body() | changes), headers=said)
    assert answer.status_code == status
    assert intake.events() == []


async def test_the_worry_is_durable_before_the_refusal_is_answered(intake: World) -> None:
    seen: list[int] = []

    async def watching(scope: Any, receive: Any, send_on: Any) -> None:
        async def note(sent: Any) -> None:
            if sent["type"] == "http.response.start":
                seen.append(len(intake.worries()))
            await send_on(sent)

        await intake.app(scope, receive, note)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=watching), base_url="http://referral") as client:
        said = {"Idempotency-Key": "key-0001"} | a_trust(intake.clock)
        await client.post("/api/referrals", json=FLAGGED | {"surprise": 1}, headers=said)
    assert seen == [1]


async def test_an_unreadable_body_leaves_one_task(intake: World) -> None:  # S27
    for _ in range(2):
        assert (await post(intake, b'{"flags": ["836881000')).status_code == 400
    (task,) = intake.events()
    assert isinstance(task, ReferralUnreadable)
    assert (task.status, task.organisation) == (400, TRUST)


async def test_a_second_body_under_the_key_of_the_first_keeps_its_own_worry(intake: World) -> None:
    await post(intake, body())
    assert (await post(intake, FLAGGED)).status_code == 422
    assert len(intake.worries()) == 1


async def test_a_corrected_referral_joins_the_worry_of_its_refusal(intake: World) -> None:  # S27
    assert (await post(intake, FLAGGED | {"surprise": 1})).status_code == 422
    assert (await post(intake, FLAGGED)).status_code == 201
    refused, taken = intake.worries()
    assert refused.signal_id == taken.signal_id == signal_id_from_message(TRUST, "key-0001", CHILD_AT_RISK)


def _without(kind: str) -> Callable[[dict[str, Any]], None]:
    def change(sent: dict[str, Any]) -> None:
        sent["entry"] = [e for e in sent["entry"] if e["resource"]["resourceType"] != kind]

    return change


def _with(kind: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda sent: resource(sent, kind).update(fields)


MESSAGE_FAULTS: list[tuple[Callable[[dict[str, Any]], None], dict[str, str], int]] = [
    (lambda sent: None, {"X-Request-Id": ""}, 400),
    (lambda sent: None, {"X-Correlation-Id": "not-a-uuid"}, 400),
    (lambda sent: None, {"Accept": "application/xml"}, 406),
    (lambda sent: None, {"Content-Type": "text/plain"}, 415),
    (lambda sent: None, {"Accept": "application/fhir+json; version=9.0.0"}, 422),
    (lambda sent: sent["meta"].update(versionId="99"), {}, 422),
    (lambda sent: sent["meta"].pop("versionId"), {}, 400),
    (_without("Consent"), {}, 400),
    (_with("Consent", status="inactive"), {}, 400),
    (_with("CarePlan", status="draft"), {}, 400),
    (lambda sent: sent.update(text={"div": "x" * 1_100_000}), {}, 413),
]


@pytest.mark.parametrize("fault", MESSAGE_FAULTS)
async def test_a_refused_message_with_a_flag_leaves_exactly_one_worry(intake: World, fault: Any) -> None:  # S3 S27
    change, said, status = fault
    sent = message(planned=WITH_FLAG)
    change(sent)
    for _ in range(2):
        answer = await send(intake, sent, headers() | said)
        assert answer.status_code == status
        assert answer.json()["resourceType"] == "OperationOutcome"
    (worry,) = intake.worries()
    assert worry.signal_id == signal_id_from_message("RXX", sent["id"], CHILD_AT_RISK)
    assert intake.received() == []


async def test_a_message_taken_later_joins_the_worry_of_its_refusal(intake: World) -> None:  # S27
    sent = message(planned=WITH_FLAG)
    assert (await send(intake, sent, headers() | {"Content-Type": "text/plain"})).status_code == 415
    assert (await send(intake, sent)).status_code == 200
    assert len({worry.signal_id for worry in intake.worries()}) == 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(body())) | st.text(max_size=6), inner)
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
@settings(max_examples=200)
def test_looking_for_worries_never_fails(tree: Any) -> None:
    salvage(tree, risk=DATA.risk, day=NOW.date())


@given(st.dictionaries(st.sampled_from([name for name in body() if name != "flags"]), JSON_VALUES, max_size=8))
@settings(max_examples=200)
def test_any_mutation_of_the_other_fields_keeps_the_flag(changes: dict[str, Any]) -> None:  # S3
    found = salvage(FLAGGED | changes, risk=DATA.risk, day=NOW.date())
    assert CHILD_AT_RISK in found.flags


@pytest.mark.parametrize(
    "tree",
    [
        {"Flags": CHILD_AT_RISK},
        {"flags": [{"code": CHILD_AT_RISK}]},
        {"flags": [int(CHILD_AT_RISK)]},
        {"entry": [{"resource": {"resourceType": "Flag", "code": {"coding": [{"code": CHILD_AT_RISK}]}}}]},
        {"contained": [{"coding": [{"system": "http://snomed.info/sct", "code": CHILD_AT_RISK}]}]},
    ],
)
def test_a_flag_is_found_however_it_is_written(tree: Any) -> None:  # S4
    assert CHILD_AT_RISK in salvage(tree, risk=DATA.risk, day=NOW.date()).flags


@pytest.mark.parametrize(
    "tree",
    [
        {"measures": [{"instrument": "PHQ-9", "items": {"9": 2}, "version": None}]},
        {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "https://example.org/Questionnaire/PHQ-9",
            "item": [{"linkId": "group", "item": [{"linkId": "9", "answer": [{"valueInteger": 2}]}]}],
        },
    ],
)
def test_an_alert_item_is_found_in_a_form_that_fits_nothing_else(tree: Any) -> None:  # S3
    (form,) = salvage(tree, risk=DATA.risk, day=NOW.date()).measures
    assert (form.instrument, form.items) == ("PHQ-9", {9: 2})


async def test_a_refusal_whose_worry_cannot_be_kept_is_not_answered_as_one() -> None:  # S3
    async with world() as opened:

        async def away(_commits: Any) -> Any:
            raise ConnectionError

        opened.store.append = away  # type: ignore[method-assign, assignment]
        answer = await post(opened, FLAGGED | {"surprise": 1})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert opened.worries() == []
