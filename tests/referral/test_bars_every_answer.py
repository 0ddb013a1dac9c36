"""What is true of every answer of the FHIR door, refusals too: both ids come back, in FHIR, and nothing of hers."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.referral.adapters.bars_faults import FAULTS, REC, BarsRefused, operation_outcome
from tests.referral.bodies import PLANNED, headers, message, outcome, resource, send
from tests.referral.test_bars_cancel import cancellation
from tests.referral.world import World, nobody

URL = "/FHIR/R4/$process-message"
BASE = "/FHIR/R4"
IDS = ("X-Request-Id", "X-Correlation-Id")


async def taken(intake: World, said: dict[str, str]) -> httpx.Response:
    """A message that is taken."""
    return await send(intake, message(), said)


async def repeated(intake: World, said: dict[str, str]) -> httpx.Response:
    """The same once more."""
    await send(intake, message(), said)
    return await send(intake, message(), said)


async def broken(intake: World, said: dict[str, str]) -> httpx.Response:
    """One that breaks a rule."""
    sent = message()
    del sent["timestamp"]
    return await send(intake, sent, said)


async def unread(intake: World, said: dict[str, str]) -> httpx.Response:
    """One that is no JSON."""
    return await send(intake, b"{", said)


async def too_large(intake: World, said: dict[str, str]) -> httpx.Response:
    """One of more than a megabyte."""
    return await send(intake, b" " * 1_000_001, said)


async def unknown(intake: World, said: dict[str, str]) -> httpx.Response:
    """A cancellation of nothing."""
    return await send(intake, cancellation(id=str(UUID(int=7))), said)


async def a_stranger(intake: World, said: dict[str, str]) -> httpx.Response:
    """Whoever proves nothing."""
    async with nobody(intake) as client:
        return await client.post(URL, json=message(), headers=said)


async def another_method(intake: World, said: dict[str, str]) -> httpx.Response:
    """What is not done."""
    return await intake.client.put(URL, json=message(), headers=said)


async def another_format(intake: World, said: dict[str, str]) -> httpx.Response:
    """XML."""
    return await send(intake, b"<Bundle/>", said | {"Content-Type": "application/fhir+xml"})


async def not_offered(intake: World, said: dict[str, str]) -> httpx.Response:
    """Slots."""
    return await intake.client.get(f"{BASE}/Slot", headers=said)


async def nowhere(intake: World, said: dict[str, str]) -> httpx.Response:
    """What is not there."""
    return await intake.client.get(f"{BASE}/Nothing", headers=said)


async def read(intake: World, said: dict[str, str]) -> httpx.Response:
    """A search that finds nothing."""
    query = {"patient:identifier": "https://fhir.nhs.uk/Id/nhs-number|9990000018"}
    return await intake.client.get(f"{BASE}/ServiceRequest", params=query, headers=said)


async def described(intake: World, said: dict[str, str]) -> httpx.Response:
    """The capability statement."""
    return await intake.client.get(f"{BASE}/metadata", headers=said)


WAYS = {
    taken: 200,
    repeated: 409,
    broken: 400,
    unread: 400,
    too_large: 413,
    unknown: 404,
    a_stranger: 401,
    another_method: 405,
    another_format: 415,
    not_offered: 501,
    nowhere: 404,
    read: 200,
    described: 200,
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_both_ids_come_back(intake: World, way: Any) -> None:
    said = headers(request=11, correlation=12)
    answer = await way(intake, said)
    assert answer.status_code == WAYS[way], answer.text
    assert [answer.headers.get_list(name) for name in IDS] == [[said[name]] for name in IDS]
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert not [word for word in PLANNED[0].person.words() if word in answer.text]


@pytest.mark.parametrize("way", [way for way, status in WAYS.items() if status >= 400], ids=lambda way: way.__name__)
async def test_what_is_not_an_id_is_not_repeated(intake: World, way: Any) -> None:
    said = headers() | dict.fromkeys(IDS, "Aurelia Test-Person")
    answer = await way(intake, said)
    assert answer.status_code >= 400
    assert "Aurelia" not in str(answer.headers) + answer.text
    outcome(answer)


async def test_ids_on_returned_resources_are_ours_alone(intake: World) -> None:
    sent = message()
    for number, entry in enumerate(sent["entry"]):
        entry["resource"]["id"] = str(UUID(int=1000 + number))
    del resource(sent, "ServiceRequest")["id"]
    answer = (await send(intake, sent)).json()
    theirs = {str(UUID(int=1000 + number)) for number in range(len(sent["entry"]))}
    assert answer["id"] == sent["id"]
    assert not theirs & {entry["resource"]["id"] for entry in answer["entry"]}


@pytest.mark.parametrize("code", FAULTS)
def test_every_refusal_has_a_code_of_the_standard_and_says_who_failed(code: str) -> None:
    body = operation_outcome(code)
    (issue,) = body["issue"]
    assert issue["severity"] == "error"
    assert issue["details"]["coding"][0]["code"] == REC[BarsRefused(code).status]
    assert issue["details"]["coding"][0]["code"].startswith("REC_")
    assert issue["diagnostics"].endswith(f"({code})")
