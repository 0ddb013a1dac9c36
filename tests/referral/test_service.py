"""The whole of referral on a real MongoDB, with Kafka absent from the start: taken, sealed, found, nothing readable."""

import gc
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.referral.app import build, made
from services.referral.domain.commands import HearStanding
from services.referral.settings import Settings
from shared.access.caller import Caller
from shared.access.service_keys import Signer, for_service
from shared.events.ids import BESIDE
from shared.events.referral import Standing
from shared.runtime.clock import SystemClock
from shared.runtime.submission import Submission
from shared.testing.issuer import access_settings, bearer
from shared.testing.running import running
from tests.referral.bodies import PLANNED, WITH_FLAG, body, headers, message, resource, words
from tests.referral.cases import CHILD_AT_RISK
from tests.referral.test_bars_cancel import cancellation
from tests.referral.test_bars_response import response
from tests.referral.world import a_trust
from tests.runtime.core.world import until

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
NO_KAFKA = "127.0.0.1:1"
KEY = {"Idempotency-Key": "key-0001"}
Document = dict[str, Any]


@pytest.fixture
def settings(mongo: str, database: AsyncDatabase[Document], tmp_path: Path) -> Settings:
    """A service of its own database and key, and no Kafka."""
    key = tmp_path / "referral.key"
    key.write_bytes(bytes(range(32)))
    access = access_settings(tmp_path, "referral")
    return Settings(mongo_url=mongo, database=database.name, kafka=NO_KAFKA, key_file=key, **access)


@pytest.fixture
async def service(settings: Settings, database: AsyncDatabase[Document]) -> AsyncIterator[httpx.AsyncClient]:
    """The running service."""
    app = build(settings)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    called = httpx.AsyncClient(transport=transport, base_url="http://r", headers=a_trust(SystemClock()))
    async with app.router.lifespan_context(app), called as client:
        yield client
    for kept in ("keys", "audit"):
        await database.client.drop_database(f"{database.name}_{kept}")
    gc.collect()  # here, where the warning is expected, and not in the middle of somebody else's test


async def stored(database: AsyncDatabase[Document]) -> str:
    """Everything the service's own database holds, as text."""
    found = [await database[name].find().to_list() for name in await database.list_collection_names()]
    return str(found)


async def test_a_referral_survives_in_journal_and_vault_and_nothing_of_hers_is_in_the_clear(
    service: httpx.AsyncClient, database: AsyncDatabase[Document]
) -> None:
    sent = body(text=f"{words()[0]} is afraid", flags=[CHILD_AT_RISK])
    answer = await service.post("/api/referrals", json=sent, headers=KEY)
    assert answer.status_code == 201, answer.text
    again = await service.post("/api/referrals", json=sent, headers=KEY)
    assert again.json() == answer.json()

    found = (await service.get(answer.headers["Location"], headers=bearer("safeguarding-lead/lead-1"))).json()
    assert found["version"] == answer.json()["version"] == 2
    assert found["person"]["family"] == words()[0]
    assert found["person"]["text"] == sent["text"]

    kept = await stored(database)
    assert str(found["id"]) in kept
    assert not [word for word in (*words(), "afraid") if word in kept]


async def test_she_is_found_by_what_is_hers_and_only_by_that(settings: Settings, service: httpx.AsyncClient) -> None:
    case = UUID((await service.post("/api/referrals", json=body(), headers=KEY)).json()["id"])
    person = body()["person"]
    vault = made(settings).vault
    assert await vault.find("nhs_number", f"{person['nhs_number'][:3]} {person['nhs_number'][3:]}") == [case]
    assert await vault.find("phone", person["phone"].replace(" ", "")) == [case]
    assert await vault.find("postcode", person["postcode"].lower()) == [case]
    assert await vault.find("family", "Nobody-Test") == []


async def test_a_message_is_taken_once_by_claims_of_the_journal(
    service: httpx.AsyncClient, database: AsyncDatabase[Document]
) -> None:
    url, sent = "/FHIR/R4/$process-message", message(planned=WITH_FLAG)
    said = headers()
    first = await service.post(url, json=sent, headers=said)
    assert first.status_code == 200, first.text
    assert (await service.post(url, json=sent, headers=said)).status_code == 409
    assert (await service.post(url, json=sent, headers=headers(request=7))).status_code == 400
    taken = await database["commits"].find({"claims": {"$exists": True}}).to_list()
    assert sorted(claim.split("/")[0] for one in taken for claim in one["claims"]) == ["bundle", "request"]


async def test_the_service_says_it_is_ready_without_kafka(service: httpx.AsyncClient) -> None:
    assert (await service.get("/health/ready")).status_code == 200


def test_a_key_file_that_is_no_key_stops_the_start(settings: Settings) -> None:
    settings.key_file.write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        made(settings)


CLERK = "referrer/clerk-rxx"


async def heard(settings: Settings, case: UUID, standing: Standing) -> None:
    """As if triage or support had reported it by Kafka."""
    referral = made(settings)
    asked = Submission(HearStanding(case, standing, SystemClock().now()), uuid5(BESIDE, f"{case} {standing}"))
    async with referral.client, running(referral.executor):
        await referral.executor.submit_all([asked])


async def page(service: httpx.AsyncClient, path: str, acting: str, **more: Any) -> httpx.Response:
    """A page as a browser asks for it."""
    return await service.get(path, headers=bearer(acting, **more) | {"Accept": "text/html"})


async def test_a_trusts_clerk_sees_what_was_sent_and_is_told_no_more_than_may_be(
    settings: Settings, service: httpx.AsyncClient
) -> None:  # S16 S18
    case = UUID((await service.post("/api/referrals", json=body(), headers=KEY)).json()["id"])
    standings: list[Standing] = ["offered", "waiting", "supported"]
    for standing in standings:
        await heard(settings, case, standing)
    assert (await service.get(f"/api/referrals/{case}")).json()["status"] == "offered"

    async def listed() -> bool:
        return str(case) in (await page(service, "/sent", CLERK, organisations=["RXX"])).text

    await until(listed)
    pages = [(await page(service, path, CLERK, organisations=["RXX"])).text for path in ("/sent", f"/sent/{case}")]
    for text in pages:
        assert "Support was offered" in text
        assert not [word for word in words() if word in text]
    foreign = await page(service, "/sent", CLERK, organisations=["ZZX"])
    assert str(case) not in foreign.text
    unknown = await page(service, f"/sent/{uuid5(BESIDE, 'nobody')}", CLERK, organisations=["ZZX"])
    assert (await page(service, f"/sent/{case}", CLERK, organisations=["ZZX"])).text == unknown.text


async def test_whoever_decides_reads_who_it_is_about_and_the_words_that_came(service: httpx.AsyncClient) -> None:  # S4
    her = {**body()["person"], "safe_to_contact": "no"}
    sent = {**body(), "person": her, "text": "She is afraid <b>at night</b>."}
    case = (await service.post("/api/referrals", json=sent, headers=KEY)).json()["id"]
    text = (await page(service, f"/sent/{case}", "project-manager/pm-1")).text
    assert "She is afraid &lt;b&gt;at night&lt;/b&gt;." in text
    assert her["family"] in text
    assert "Do not send or leave a message" in text
    assert (await page(service, f"/sent/{case}", "volunteer/v-1")).status_code == 403
    elsewhere = await page(service, f"/sent/{case}", "project-manager/pm-2", sites=["nowhere"])
    assert elsewhere.status_code == 404


async def test_a_volunteer_learns_the_first_name_and_number_of_the_woman_she_is_matched_with_and_no_more(
    settings: Settings, service: httpx.AsyncClient
) -> None:  # S28 S29
    case = UUID((await service.post("/api/referrals", json=body(), headers=KEY)).json()["id"])
    beth = Caller("person", "beth", "volunteer", "session", provider="nct", sites=("halton",))
    support = Signer("support", settings.signing_keys.parent / "support", SystemClock())

    async def told(matches: list[UUID], purpose: str = "support") -> Any:
        proof = {"Authorization": for_service(support, "referral", beth, matches=matches)}
        asked = {"ids": [str(case)], "purpose": purpose}
        return (await service.post("/people/lookup", json=asked, headers=proof)).json()["people"]

    for purpose in ("support", "contact_card"):
        person = (await told([case], purpose))[str(case)]
        assert person == {
            "given": body()["person"]["given"],
            "phone": body()["person"]["phone"],
            "safe_to_contact": "yes",
        }
    assert await told([]) == {}
    assert await told([uuid5(BESIDE, "another")]) == {}
    direct = await service.post("/people/lookup", json={"ids": [str(case)], "purpose": "support"},
                                headers=bearer("volunteer/beth", matches=[str(case)]))  # fmt: skip
    assert direct.json()["people"] == {}, "only support knows whom she is matched with"


async def test_a_referral_is_cancelled_by_its_correlation_id_as_soon_as_it_was_answered(
    service: httpx.AsyncClient, database: AsyncDatabase[Document]
) -> None:
    url = "/FHIR/R4/$process-message"
    assert (await service.post(url, json=message(1), headers=headers())).status_code == 200
    assert (await service.post(url, json=message(2), headers=headers(request=3, correlation=4))).status_code == 200
    cancelled = await service.post(url, json=cancellation(), headers=headers(request=2))
    assert cancelled.status_code == 200, cancelled.text
    case = resource(cancelled.json(), "ServiceRequest")["id"]
    read = {name: value for name, value in headers(request=5).items() if name != "Content-Type"}
    assert (await service.get(f"/FHIR/R4/ServiceRequest/{case}", headers=read)).json()["status"] == "revoked"
    assert await database["commits"].count_documents({"events.type": "referral.withdrawn.v1"}) == 1
    plan = await database["commits"].find({"events.correlation": UUID(int=2).bytes}).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_trusts_message_waits_in_the_list_until_somebody_has_read_it(
    service: httpx.AsyncClient, database: AsyncDatabase[Document]
) -> None:  # S13
    sent = response()
    patient = resource(sent, "Patient")
    answer = await service.post("/FHIR/R4/$process-message", json=sent, headers=headers(request=8, correlation=88))
    assert answer.status_code == 200, answer.text
    message_of_theirs = resource(answer.json(), "ServiceRequest")["id"]
    manager = bearer("project-manager/p-7", sites=[PLANNED[0].site]) | {"Accept": "text/html"}

    async def listed() -> bool:
        return f"/messages/{message_of_theirs}" in (await service.get("/messages", headers=manager)).text

    await until(listed)
    page = (await service.get(f"/messages/{message_of_theirs}", headers=manager)).text
    assert "appointment: noshow" in page
    assert patient["name"][0]["family"] in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    url = f"/messages/{message_of_theirs}/read"
    for _ in range(2):
        done = await service.post(url, data={"key": key[1]}, headers=manager)
        assert (done.status_code, done.headers["location"]) == (303, "/messages")

    async def gone() -> bool:
        return not await listed()

    await until(gone)
    assert patient["name"][0]["family"] not in await stored(database)
    elsewhere = bearer("project-manager/p-8", sites=["newham"]) | {"Accept": "text/html"}
    assert (await service.get(f"/messages/{message_of_theirs}", headers=elsewhere)).status_code == 404
