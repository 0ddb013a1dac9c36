"""The national proxy comes in by its certificate, speaks for the trust it names, and nobody else is taken for it."""

import ssl
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import trustme

from deploy.simulate import bundles
from deploy.simulate.referrals import plan
from shared.runtime.clock import new_id
from shared.testing.issuer import bearer
from tests.front_door.conftest import PROXY_NAME, FrontDoor

pytestmark = pytest.mark.real
DAY = datetime(2026, 11, 24, tzinfo=UTC)
PLANNED = next(plan(12, DAY.date()))
PROCESS = "/FHIR/R4/$process-message"


async def send(http: httpx.AsyncClient, url: str, **changed: str | None) -> httpx.Response:
    """A new referral of the made-up trust; a header of None is left out."""
    said: dict[str, Any] = bundles.headers(new_id(), new_id(), PLANNED.site) | changed
    kept = {name: value for name, value in said.items() if value is not None}
    return await http.post(url, json=bundles.bundle(PLANNED, new_id(), DAY), headers=kept)


def fault(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an OperationOutcome."""
    return answer.status_code, answer.json()["issue"][0]["details"]["coding"][0]["code"]


async def test_it_needs_no_token_and_its_trust_sees_what_was_sent(door: FrontDoor) -> None:
    async with door.client(door.proxies.issue_cert(PROXY_NAME)) as http:
        sent = await send(http, f"{door.proxy_origin}{PROCESS}")
        once_more = await send(http, f"{door.proxy_origin}{PROCESS}", Authorization="Bearer of the trust, not for us")
    service_request = next(
        entry["resource"]["id"]
        for entry in sent.json()["entry"]
        if entry["resource"]["resourceType"] == "ServiceRequest"
    )

    async def seen_by(organisation: str) -> int:
        who = bearer("referrer-system/system", provider=[], sites=[], organisations=[organisation])
        async with door.client() as direct:
            url = f"{door.origin}/referral/api/referrals/{service_request}"
            return (await direct.get(url, headers=who)).status_code

    assert (sent.status_code, once_more.status_code) == (200, 200)
    assert (await seen_by(bundles.TRUST), await seen_by("ZZX")) == (200, 404)


@pytest.mark.parametrize("shown", ["nothing", "another authority's"])
async def test_without_a_certificate_of_its_authority_no_connection_comes_about(door: FrontDoor, shown: str) -> None:
    certificate = None if shown == "nothing" else trustme.CA().issue_cert(PROXY_NAME)
    async with door.client(certificate) as http:
        # The door's alert may arrive while something is sent already; the client then passes the raw fault on.
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await send(http, f"{door.proxy_origin}{PROCESS}")


async def test_another_name_of_the_same_authority_is_refused(door: FrontDoor) -> None:
    async with door.client(door.proxies.issue_cert("other.example.nhs.uk")) as http:
        assert fault(await send(http, f"{door.proxy_origin}{PROCESS}")) == (403, "REC_FORBIDDEN")


@pytest.mark.parametrize("organisation", [None, "bm90IGpzb24="])
async def test_a_message_for_nobody_is_refused(door: FrontDoor, organisation: str | None) -> None:
    async with door.client(door.proxies.issue_cert(PROXY_NAME)) as http:
        answer = await send(http, f"{door.proxy_origin}{PROCESS}", **{"NHSD-End-User-Organisation": organisation})

    assert fault(answer) == (401, "REC_UNAUTHORIZED")


async def test_its_door_leads_to_fhir_alone(door: FrontDoor) -> None:
    async with door.client(door.proxies.issue_cert(PROXY_NAME)) as http:
        answers = [
            await http.get(f"{door.proxy_origin}{path}") for path in ("/sent", "/api/referrals", "/metrics", "/")
        ]

    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("way", ["through the main door", "around it"])
async def test_whoever_says_to_be_the_proxy_is_not_believed(door: FrontDoor, way: str) -> None:
    url = (
        f"{door.origin}/referral{PROCESS}" if way == "through the main door" else door.stack.urls["referral"] + PROCESS
    )
    async with door.client() as http:
        answer = await send(http, url, **{"Beside-Peer": PROXY_NAME, "Beside-Front-Door": "guessed"})

    assert fault(answer) == (401, "REC_UNAUTHORIZED")
