"""Triage as it runs, on a real MongoDB and with Kafka away: worklist, decision, measures, worries first."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from services.triage.app import Triage, build, made
from services.triage.domain.commands import HearReferral, HearUpdate
from services.triage.settings import Settings
from shared.events.ids import BESIDE
from shared.runtime.submission import Scope, Submission
from shared.testing.issuer import access_settings, bearer, fresh
from shared.testing.running import running
from tests.triage.cases import CASE, LPM, received, updated

# A part cancelled while its driver connects leaves the driver's half-made socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

HALTON = Scope("nct", "halton")
HTML = {"Accept": "text/html"}


@pytest.fixture
def settings(mongo: str, database: Any, tmp_path: Path) -> Settings:
    """A service of its own; nothing answers where it looks for Kafka and safeguarding."""
    key = tmp_path / "master.key"
    key.write_bytes(bytes(range(32)))
    away = "127.0.0.1:9"
    return Settings(
        port=8102,
        mongo_url=mongo,
        database=database.name,
        kafka=away,
        key_file=key,
        safeguarding_urls=f"http://{away}",
        **access_settings(tmp_path, "triage"),
    )


@pytest.fixture(autouse=True)
async def no_keys_left(settings: Settings, mongo_client: Any) -> AsyncIterator[None]:
    """The keys' own database goes with the test's."""
    yield
    for kept in ("keys", "audit"):
        await mongo_client.drop_database(f"{settings.database}_{kept}")


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The running service."""
    app = build(settings)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://triage", headers=bearer(LPM)) as client,
    ):
        yield client


async def refer(settings: Settings, case: UUID = CASE, **facts: Any) -> None:
    """As if the referral had come by Kafka."""
    triage: Triage = made(settings)
    heard = HearReferral(case, received(**facts).model_copy(update={"case": case}))
    async with triage.client, running(triage.executor):
        await triage.executor.submit_all([Submission(heard, uuid5(BESIDE, str(case)), HALTON)])


async def seen(http: httpx.AsyncClient, case: UUID = CASE, version: int = 2) -> dict[str, Any]:
    """The case once the view holds `version`."""
    answer = await http.get(f"/api/cases/{case}")
    for _ in range(20):
        answer = await http.get(f"/api/cases/{case}", params={"version": version})
        if answer.status_code == 200 and answer.json()["version"] >= version:
            return dict(answer.json())
        await asyncio.sleep(0.05)
    raise AssertionError(answer.text)


def key(name: str) -> dict[str, str]:
    """An idempotency key."""
    return {"Idempotency-Key": f"key-for-{name}"}


async def test_a_referral_waits_in_the_worklist_with_its_advice(http, settings):
    await refer(settings, text_unread=True)

    shown = await seen(http)
    assert (shown["status"], shown["urgency"], shown["site"]) == ("awaiting", "review", "halton")
    listed = (await http.get("/api/cases", params={"site": "halton"})).json()["cases"]
    assert [one["id"] for one in listed] == [str(CASE)]


async def test_a_decision_is_taken_once_and_answered_alike_under_its_key(http, settings):
    await refer(settings)
    url, body = f"/api/cases/{CASE}/decision", {"outcome": "accepted", "offer": "group", "reason": "fits"}

    first = await http.post(url, json=body, headers=key("decision"))
    assert (first.status_code, first.json()["decided_by"]) == (200, LPM)
    assert (await http.post(url, json=body, headers=key("decision"))).json() == first.json()
    other = await http.post(url, json={**body, "offer": None}, headers=key("decision"))
    assert other.status_code == 422
    again = await http.post(url, json=body, headers=key("another"))
    assert (again.status_code, again.json()["code"]) == (409, "triage.already_decided")
    assert (await seen(http, version=first.json()["version"]))["outcome"] == "accepted"


async def test_a_reason_in_words_travels_as_a_code(http, settings):
    await refer(settings)
    body = {"outcome": "accepted", "reason": "She asked for somebody to talk to."}

    decided = await http.post(f"/api/cases/{CASE}/decision", json=body, headers=key("in-words"))
    assert decided.json()["reason"] == "in_own_words"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": "Bearer x", **key("acting")}, {"outcome": "accepted", "reason": "x"}, 401),
        (lambda: bearer("volunteer/v-1") | key("acting"), {"outcome": "accepted", "reason": "x"}, 403),
        ({}, {"outcome": "accepted", "reason": "x"}, 400),
        (key("fields"), {"outcome": "accepted", "reason": "x", "other": 1}, 422),
        (key("outcome"), {"outcome": "perhaps", "reason": "x"}, 422),
        (key("unknown"), {"outcome": "accepted", "reason": "x"}, 404),
    ],
)
async def test_a_decision_that_cannot_be_taken_is_a_problem(http, headers, body, status):
    answer = await http.post(f"/api/cases/{CASE}/decision", json=body, headers=fresh(headers))

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


EPDS = {"instrument": "EPDS", "version": "1", "items": {"10": 2}, "stage": "baseline", "taken_on": "2026-11-20"}


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({}, key("known"), 201),
        ({"stage": "whenever"}, key("stage"), 422),
        ({"items": {"10": 2, "11": 9}}, key("items"), 422),
        ({"taken_on": None}, key("date"), 422),
        ({"surprise": 1}, key("field"), 422),
        ({}, {}, 400),
        ({}, {**key("media"), "Content-Type": "text/plain"}, 415),
        ({}, lambda: key("acting") | bearer("commissioner/c-1"), 403),
        ({}, lambda: key("reach") | bearer("facilitator/f-1", sites=["newham"]), 404),
    ],
)
async def test_an_alert_item_is_on_record_whatever_is_wrong_beside(http, settings, database, change, headers, status):
    """# S3"""
    await refer(settings)
    answer = await http.post(f"/api/cases/{CASE}/measures", json={**EPDS, **change}, headers=fresh(headers))

    assert answer.status_code == status
    assert len(answer.json()["receipts"]) == 1
    flagged = await database["commits"].find({"events.type": "triage.worry_flagged.v1"}).to_list()
    assert [one["events"][0]["data"]["level"] for one in flagged] == ["today"]


@pytest.mark.parametrize("case", ["not-an-id", "99999999-9999-4999-8999-999999999999"])
async def test_a_worry_about_nobody_known_is_kept_before_the_404(http, database, case):
    """# S3"""
    answer = await http.post(f"/api/cases/{case}/measures", json=EPDS, headers=key("nobody"))

    assert (answer.status_code, len(answer.json()["receipts"])) == (404, 1)
    assert await database["commits"].count_documents({"events.type": "triage.worry_flagged.v1"}) == 1


async def test_a_worry_about_nobody_known_leaves_nothing_that_could_be_read(http):  # S18
    nobody = "99999999-9999-4999-8999-999999999999"
    await http.post(f"/api/cases/{nobody}/measures", json=EPDS, headers=key("nobody"))

    answer = await http.get(f"/api/cases/{nobody}", params={"version": 1})  # waits until the worklist has heard of it
    unknown = await http.get("/api/cases/99999999-9999-4999-8999-999999999998")
    assert (answer.status_code, answer.text) == (404, unknown.text)
    assert (await http.get("/api/cases", params={"status": "unheard"})).json()["cases"] == []


async def test_a_worry_in_a_measure_raises_its_case(http, settings):
    """# S1"""
    await refer(settings)
    await http.post(f"/api/cases/{CASE}/measures", json=EPDS, headers=key("raising"))

    shown = await seen(http, version=5)
    assert shown["urgency"] == "today"
    assert "risk" in shown["needs_person"]


async def test_the_worklist_leads_to_a_case_where_a_person_decides(http, settings):
    """# S2 S4"""
    await refer(settings, text_unread=True)
    await seen(http)
    listed = (await http.get("/worklist", headers=HTML)).text
    assert f"/worklist/{CASE}" in listed
    assert "Text not yet read" in listed
    one = await http.get(f"/worklist/{CASE}", headers=HTML)
    key_field = re.search(r'name="key" value="([^"]+)"', one.text)
    assert key_field is not None
    form = {"key": key_field[1], "outcome": "accepted", "offer": "one-to-one", "reason": "fits", "own_words": ""}

    declined = {**form, "outcome": "declined", "offer": "", "reason": "needs_not_met"}
    unread = await http.post(f"/worklist/{CASE}", data=declined, headers=HTML)
    assert unread.status_code == 409
    assert "There is a problem" in unread.text
    nothing = await http.post(f"/worklist/{CASE}", data={**form, "outcome": "", "text_read": "yes"}, headers=HTML)
    assert nothing.status_code == 422
    assert "Choose what you decide" in nothing.text
    done = await http.post(f"/worklist/{CASE}", data={**form, "text_read": "yes"}, headers=HTML)
    assert (done.status_code, done.headers["location"]) == (303, f"/worklist/{CASE}")

    await seen(http, version=4)
    decided = (await http.get(f"/worklist/{CASE}", headers=HTML)).text
    assert "Your decision" not in decided
    assert "project-manager" in decided


async def test_words_that_come_after_the_decision_bring_the_case_back_until_they_are_read(http, settings):
    """# S4"""
    await refer(settings)
    accepted = {"outcome": "accepted", "offer": "group", "reason": "fits"}
    await http.post(f"/api/cases/{CASE}/decision", json=accepted, headers=key("decision"))
    triage: Triage = made(settings)
    async with triage.client, running(triage.executor):
        more = HearUpdate(CASE, updated(text_unread=True))
        await triage.executor.submit_all([Submission(more, uuid5(BESIDE, "more"), HALTON)])
    await seen(http, version=4)
    assert f"/worklist/{CASE}" in (await http.get("/worklist", headers=HTML)).text

    page = (await http.get(f"/worklist/{CASE}", headers=HTML)).text
    assert "Your decision" not in page
    sent_key = re.search(r'name="key" value="([^"]+)"', page)
    assert sent_key is not None
    for _ in range(2):
        done = await http.post(f"/worklist/{CASE}/read", data={"key": sent_key[1]}, headers=HTML)
        assert (done.status_code, done.headers["location"]) == (303, f"/worklist/{CASE}")
    assert not (await seen(http, version=5))["text_unread"]
    assert f"/worklist/{CASE}" not in (await http.get("/worklist", headers=HTML)).text


async def test_a_lead_reads_a_case_and_has_nothing_to_decide_with(http, settings):
    await refer(settings)
    await seen(http)
    headers = HTML | bearer("safeguarding-lead/lead-1")
    assert "Your decision" not in (await http.get(f"/worklist/{CASE}", headers=headers)).text
    assert (await http.post(f"/worklist/{CASE}", data={}, headers=headers)).status_code == 403
