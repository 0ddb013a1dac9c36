"""Support as it runs, on a real MongoDB and with Kafka away: places, racing callers, matches, sessions, endings."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from services.support.app import Support, build, made
from services.support.settings import Settings
from shared.events.ids import BESIDE
from shared.runtime.submission import Scope, Submission
from shared.testing.issuer import access_settings, bearer, fresh
from shared.testing.running import running
from tests.support.cases import CASE, LPM, RULES, hear_triage

# A part cancelled while its driver connects leaves the driver's half-made socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

HALTON = Scope("nct", "halton")
SITE = {"site": "halton", "offers": ["one-to-one"], "gates": list(RULES.gates)}
SESSION = {"offer": "one-to-one", "channel": "face_to_face", "minutes": 50, "outcome": "took_place", "reasons": []}
HELD = {"attended": True, "held_at": "2026-01-05T10:00:00Z"}


@pytest.fixture
def settings(mongo: str, database: Any, tmp_path: Path) -> Settings:
    """A service of its own; nothing answers where it looks for Kafka."""
    key = tmp_path / "master.key"
    key.write_bytes(bytes(range(32)))
    return Settings(
        port=8103,
        mongo_url=mongo,
        database=database.name,
        kafka="127.0.0.1:9",
        key_file=key,
        safeguarding_urls="http://one,http://two",
        referral_urls="http://people",
        **access_settings(tmp_path, "support"),
    )


class Answers:
    """The other services as support hears them: `hold` is safeguarding's body and `people` referral's, None: away."""

    hold: Any = {"hold": False}
    people: Any = None
    lookups: tuple[httpx.Request, ...] = ()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        if request.url.host == "people":
            self.lookups = (*self.lookups, request)
            return self._lookup()
        if self.hold is None or request.url.host == "one":
            raise httpx.ConnectError("away")
        return httpx.Response(200, json=self.hold)

    def _lookup(self) -> httpx.Response:
        if self.people is None:
            raise httpx.ConnectError("away")
        return httpx.Response(200, json={"people": self.people})


@pytest.fixture
def safeguarding() -> Answers:
    """The first instance is always away, the second answers."""
    return Answers()


@pytest.fixture(autouse=True)
async def no_keys_left(settings: Settings, mongo_client: Any) -> AsyncIterator[None]:
    """The keys' own database goes with the test's."""
    yield
    for kept in ("keys", "audit"):
        await mongo_client.drop_database(f"{settings.database}_{kept}")


@pytest.fixture
async def http(settings: Settings, safeguarding: Answers) -> AsyncIterator[httpx.AsyncClient]:
    """The running service."""
    app = build(settings, client=httpx.AsyncClient(transport=httpx.MockTransport(safeguarding)))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://support", headers=bearer(LPM)) as client,
    ):
        yield client


async def accept(settings: Settings, *cases: UUID, **facts: Any) -> None:
    """As if triage's decisions had come by Kafka."""
    support: Support = made(settings)
    async with support.client, support.http, running(support.executor):
        heard = [replace(hear_triage(**facts), case=case) for case in cases or (CASE,)]
        await support.executor.submit_all([Submission(one, uuid5(BESIDE, str(one.case)), HALTON) for one in heard])


def key(name: str) -> dict[str, str]:
    """An idempotency key."""
    return {"Idempotency-Key": f"key-for-{name}"}


async def volunteer(http: httpx.AsyncClient, name: str = "anna", **more: Any) -> str:
    """A registered volunteer's id."""
    answer = await http.post("/api/volunteers", json={**SITE, **more}, headers=key(name))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def post(http: httpx.AsyncClient, what: str, body: dict[str, Any], name: str) -> httpx.Response:
    """A write about the case."""
    return await http.post(f"/api/cases/{CASE}/{what}", json=body, headers=key(name))


async def wait_for(http: httpx.AsyncClient, url: str, name: str, right: Any) -> list[dict[str, Any]]:
    """The list under `name` once it is right."""
    found: list[dict[str, Any]] = []
    for _ in range(60):
        if right(found := (await http.get(url)).json()[name]):
            return list(found)
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_the_same_registration_is_one_volunteer(http):
    assert await volunteer(http) == await volunteer(http)
    reused = await http.post("/api/volunteers", json={**SITE, "cap": 1}, headers=key("anna"))
    assert reused.status_code == 422


@pytest.mark.parametrize(
    ("change", "status"),
    [({"site": "atlantis"}, 422), ({"offers": ["boat"]}, 422), ({"gates": []}, 409), ({"x": 1}, 422)],
)
async def test_a_registration_that_cannot_be_taken_is_a_problem(http, change, status):
    answer = await http.post("/api/volunteers", json={**SITE, **change}, headers=key("faulty"))

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_place_becomes_a_match_and_is_free_again_after_the_end(http, settings):
    await accept(settings)
    anna = await volunteer(http, cap=1)

    assert (await post(http, "places", {"volunteer": anna}, "place")).status_code == 201
    made_match = await post(http, "match", {"volunteer": anna}, "match")
    assert made_match.status_code == 201
    assert (await post(http, "match", {"volunteer": anna}, "match")).json() == made_match.json()
    await wait_for(http, "/api/volunteers?site=halton", "volunteers", lambda all_: all_ and all_[0]["free"] == 0)
    assert (await post(http, "end", {"reason": "goals met, she says", "review": True}, "ending")).status_code == 200
    await wait_for(http, "/api/capacity", "capacity", lambda all_: all_ and all_[0]["free"] == 1)


@pytest.mark.parametrize("said", [None, {"hold": True}, {"hold": "no"}, {}, []])
async def test_no_clear_word_from_safeguarding_holds_a_match_and_an_ending(http, settings, safeguarding, said):
    """# S24"""
    await accept(settings)
    anna = await volunteer(http)
    await post(http, "places", {"volunteer": anna}, "place")
    safeguarding.hold = said

    for what, body in (("match", {"volunteer": anna}), ("end", {"reason": "x", "review": False})):
        refused = await post(http, what, body, f"held-{what}")
        assert (refused.status_code, refused.json()["code"]) == (409, "support.held_by_safeguarding")


async def test_unread_words_hold_a_match(http, settings):
    """# S4"""
    await accept(settings, text_unread=True)
    anna = await volunteer(http)
    await post(http, "places", {"volunteer": anna}, "place")

    assert (await post(http, "match", {"volunteer": anna}, "match")).json()["code"] == "support.text_unread"


async def test_a_thousand_racing_callers_never_pass_a_cap(http, settings):
    anna = await volunteer(http, cap=3)
    cases = [uuid5(BESIDE, str(number)) for number in range(1000)]
    await accept(settings, *cases)

    async def hold(case):
        answer = await http.post(f"/api/cases/{case}/places", json={"volunteer": anna}, headers=key(str(case)))
        return answer.status_code

    codes = [
        code for start in range(0, 1000, 250) for code in await asyncio.gather(*map(hold, cases[start : start + 250]))
    ]
    assert codes.count(201) == 3
    assert codes.count(409) == 997


async def test_a_session_is_on_record_with_its_worry_first(http, settings, database):
    await accept(settings)
    worry = {"signal_id": str(CASE), "in_danger": "no", "about": "She said something that stays with me."}
    answer = await post(http, "sessions", {**SESSION, **HELD, "worry": worry}, "session")

    assert (answer.status_code, answer.json()["outcome"]) == (201, "took_place")
    assert answer.json()["receipt"]
    types = [one["events"][0]["type"] async for one in database["commits"].find().sort("recorded_at", 1)]
    assert types.index("support.worry_flagged.v1") < types.index("support.session_logged.v1")
    journal = str(await database["commits"].find().to_list())
    assert "stays with me" not in journal


BROKEN: list[dict[str, Any]] = [
    {"minutes": "an hour"}, {"channel": "pigeon"}, {"held_at": "yesterday"}, {"outcome": "fine"}, {"session": 7},
    {"offer": "a long talk about things"}, {"reasons": ["she was tired"]}, {"surprise": True}, {"minutes": -1},
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_session_with_a_broken_field_is_kept_with_exactly_one_worry(http, settings, database, broken):
    """# S3"""
    await accept(settings)
    body = {**SESSION, **HELD, **broken, "worry": {"in_danger": "yes"}}
    answer = await post(http, "sessions", body, "broken-session")

    assert (answer.status_code, answer.json()["outcome"]) == (201, "to_be_corrected")
    assert (await post(http, "sessions", body, "broken-session")).status_code == 201
    for wire in ("support.worry_flagged.v1", "support.session_logged.v1"):
        assert await database["commits"].count_documents({"events.type": wire}) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({**key("media"), "Content-Type": "text/plain"}, 415),
        (lambda: key("acting") | bearer("commissioner/c-1"), 403),
        (lambda: key("reach") | bearer("volunteer/somebody-elses"), 404),
    ],
)
@pytest.mark.parametrize("worry", [{"in_danger": "yes"}, "she is not safe", {"in_danger": 3, "about": []}, True])
async def test_a_worry_is_kept_when_its_session_is_refused(http, settings, database, headers, status, worry):
    """# S3"""
    await accept(settings)
    body = {**SESSION, **HELD, "worry": worry}
    answer = await http.post(f"/api/cases/{CASE}/sessions", json=body, headers=fresh(headers))

    assert answer.status_code == status
    assert answer.json()["receipt"]
    [flagged] = await database["commits"].find({"events.type": "support.worry_flagged.v1"}).to_list()
    assert flagged["events"][0]["data"]["level"] == "now"


@pytest.mark.parametrize("content", [b"{}", b"help", b"", b"null", b'{"in_danger": "not_sure"}'])
async def test_the_worried_now_button_is_answered_with_a_receipt_whatever_it_sent(http, database, content):
    """# S19 S20"""
    answer = await http.post("/api/cases/not-an-id/worries", content=content)

    assert (answer.status_code, bool(answer.json()["receipt"])) == (201, True)
    assert await database["commits"].count_documents({"events.type": "support.worry_flagged.v1"}) == 1
