"""One origin for five services: what comes through, what does not, and what the log says about it: nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx
import psutil
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from deploy.local.places import SERVICES
from deploy.local.testing import wait_until
from deploy.simulate import bundles
from deploy.simulate.referrals import plan
from shared.runtime.clock import SystemClock, new_id
from shared.testing.issuer import bearer
from tests.front_door.conftest import PROXY_NAME, FrontDoor

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]
DAY = datetime(2026, 11, 24, tzinfo=UTC)
PLANNED = next(plan(11, DAY.date()))
TRUST: dict[str, Any] = {"provider": [], "sites": [], "organisations": [bundles.TRUST]}


def trust() -> dict[str, str]:
    """The proof of a trust's system."""
    return bearer("referrer-system/trust-rxx", **TRUST)


async def refer(door: FrontDoor, http: httpx.AsyncClient, **changed: str) -> httpx.Response:
    """A referral as plain JSON through the door."""
    said = {"Idempotency-Key": str(new_id()), **trust(), **changed}
    body = PLANNED.body(SystemClock().now().date())
    return await http.post(f"{door.origin}/referral/api/referrals", json=body, headers=said)


@pytest.mark.parametrize(
    ("page", "role"),
    [
        ("/triage/worklist", "project-manager"),
        ("/support/cases", "volunteer"),
        ("/safeguarding/concerns", "safeguarding-lead"),
        ("/outcomes/figures", "commissioner"),
        ("/referral/sent", "referrer"),
    ],
)
async def test_every_services_pages_are_under_one_origin_and_lead_to_one_another(
    door: FrontDoor, page: str, role: str
) -> None:
    own = TRUST if role == "referrer" else {}
    async with door.client() as http:
        answer = await http.get(
            f"{door.origin}{page}", headers={"Accept": "text/html", **bearer(f"{role}/anna", **own)}
        )
        assets = [part.split('"')[0] for part in answer.text.split('href="')[1:] if ".css" in part.split('"')[0]]
        styled = await http.get(urljoin(str(answer.url), assets[0]))

    assert answer.status_code == styled.status_code == 200
    assert answer.headers["Strict-Transport-Security"]
    assert "127.0.0.1" not in answer.text, "nothing may lead around the door"
    assert "Server" not in answer.headers


async def test_referrals_come_in_both_ways(door: FrontDoor) -> None:
    message = bundles.bundle(PLANNED, new_id(), DAY)
    said = bundles.headers(new_id(), new_id(), PLANNED.site) | trust()
    async with door.client() as http:
        plain = await refer(door, http)
        shaped = await http.post(f"{door.origin}/referral/FHIR/R4/$process-message", json=message, headers=said)
        found = await http.get(f"{door.origin}/referral{plain.headers['Location']}", headers=trust())

    assert (plain.status_code, shaped.status_code, found.status_code) == (201, 200, 200)


async def test_the_live_list_flows_while_it_is_open(door: FrontDoor) -> None:
    url, lead = f"{door.origin}/safeguarding/api/concerns/stream", bearer("safeguarding-lead/lead-coventry")
    async with asyncio.timeout(20), door.client() as http, http.stream("GET", url, headers=lead) as live:
        first = await anext(live.aiter_text())

    assert live.headers["Content-Type"].startswith("text/event-stream")
    assert first


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/health/live"])
async def test_what_operators_look_at_is_not_before_the_door(door: FrontDoor, path: str) -> None:
    async with door.client() as http:
        answers = [(await http.get(f"{door.origin}/{name}{path}")).status_code for name in SERVICES]

    assert answers == [404] * len(SERVICES)


async def test_what_belongs_to_no_service_is_not_there(door: FrontDoor) -> None:
    async with door.client() as http:
        ways = {path: await http.get(f"{door.origin}{path}") for path in ("/", "/triage", "/wp-admin", "/referrals")}

    assert {path: answer.status_code for path, answer in ways.items()} == {
        "/": 303,
        "/triage": 308,
        "/wp-admin": 404,
        "/referrals": 404,
    }


async def test_a_service_that_is_back_in_a_moment_costs_patience_and_no_referral(door: FrontDoor) -> None:
    async with door.client() as http:
        killed = await asyncio.to_thread(door.stack.kill, "referral")
        await asyncio.to_thread(wait_until, lambda: not psutil.pid_exists(killed), within_s=5, what="it is gone")
        answer = await refer(door, http)

    assert answer.status_code == 201


async def test_what_was_on_its_way_when_a_service_died_is_confirmed_or_may_be_sent_again(door: FrontDoor) -> None:
    said = {"Idempotency-Key": str(new_id())}
    async with door.client() as http:
        await refer(door, http)  # the door keeps a connection
        await asyncio.to_thread(door.stack.kill, "referral")
        answers = [await refer(door, http, **said)]
        async with asyncio.timeout(20):
            while answers[-1].status_code == 503:  # as the standard's senders do
                answers.append(await refer(door, http, **said))
        answers.append(await refer(door, http, **said))

    assert {one.status_code for one in answers} <= {201, 503}
    assert len({one.json()["id"] for one in answers if one.status_code == 201}) == 1


async def test_of_a_service_that_stays_away_senders_are_told_to_send_again(door: FrontDoor) -> None:
    door.stack.stop("referral")
    try:
        async with door.client() as http, door.client(door.proxies.issue_cert(PROXY_NAME)) as proxy:
            through = await proxy.post(f"{door.proxy_origin}/FHIR/R4/$process-message", json={})
            plain = await refer(door, http)
            shaped = await http.post(f"{door.origin}/referral/FHIR/R4/$process-message?name=xanthippe", json={})
    finally:
        door.stack.start("referral")

    assert [one.status_code for one in (plain, shaped, through)] == [503] * 3
    assert all(one.headers["Retry-After"] for one in (plain, shaped, through))
    assert plain.headers["Content-Type"] == "application/problem+json"
    assert set(plain.json()) == {"type", "title", "status", "detail", "code"}
    for one in (shaped, through):
        OperationOutcome.model_validate(one.json())
        assert one.json()["issue"][0]["details"]["coding"][0]["code"] == "REC_SERVICE_UNAVAILABLE"
    assert "xanthippe" not in shaped.text


async def test_the_log_names_a_service_and_nobody(door: FrontDoor) -> None:
    case, said = str(new_id()), {"User-Agent": "xanthippe", "Cookie": "name=xanthippe", **trust()}
    asked = (f"/triage/worklist/{case}?q=xanthippe", "/referral/api/referrals?xanthippe", f"/triage/{case}/xanthippe")
    before = len(door.log.read_text())
    async with door.client() as http:
        for path in asked:
            await http.get(f"{door.origin}{path}", headers=said)
    written = door.log.read_text()[before:]

    assert written.count("handled request") >= len(asked)
    assert '"uri":"/triage"' in written
    assert [word for word in (case, "xanthippe", said["Authorization"], "127.0.0.1") if word in written] == []
