"""What a token must be to be believed, asked over HTTP of a real route behind the real guard."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from structlog.testing import capture_logs

from shared.access.app import check_routes, guarded, guarded_app
from shared.access.bearer import ROLE
from shared.access.caller import Caller
from shared.access.guard import caller_of_request
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.issuer import AUDIENCE, bearer, claims_of, token
from tests.access.attacks import ATTACKS

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class Door:
    """One guarded route that answers who came in."""

    def __init__(self) -> None:
        self.clock, self.audit = HandClock(NOW), MemoryAudit()
        app = guarded_app("test", memory_guard("triage", self.clock, self.audit), parts=[], ready=self._ready)
        app.add_route("/cases", guarded("triage.list", self._who))
        check_routes(app)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://triage")
        self.seen: list[Caller] = []

    async def _ready(self) -> bool:
        return True

    async def _who(self, request: Request) -> Response:
        self.seen.append(caller_of_request(request))
        return JSONResponse({"who": str(self.seen[-1])})

    async def ask(self, said: str) -> httpx.Response:
        """Come with a header."""
        return await self.http.get("/cases", headers={b"Authorization": said.encode()})


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """The door, closed afterwards."""
    made = Door()
    yield made
    await made.http.aclose()


async def test_a_good_token_lets_in_and_says_who(door: Door) -> None:
    answer = await door.http.get("/cases", headers=bearer("project-manager/pm-1", door.clock))
    assert (answer.status_code, answer.json()["who"]) == (200, "project-manager/pm-1")
    assert door.seen[0].sites == ("coventry-warwickshire", "halton", "newham")


@pytest.mark.parametrize("name", ATTACKS)
async def test_a_token_that_proves_nothing_is_refused_and_named_nowhere(door: Door, name: str) -> None:
    attack = ATTACKS[name](door.clock)
    with capture_logs() as logs:
        answer = await door.ask(f"Bearer {attack}")
    assert answer.status_code == (403 if name == "a role she does not have" else 401)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == 403 or answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert attack not in answer.text
    assert attack not in str(logs)
    assert door.seen == []


def test_there_are_at_least_forty_attacks() -> None:
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token x", "bearer\tx"])
async def test_another_scheme_or_none_is_not_signed_in(door: Door, said: str) -> None:
    assert (await door.ask(said)).status_code == 401


async def test_two_tokens_in_one_request_are_refused(door: Door) -> None:
    one = bearer("project-manager/pm-1", door.clock)["Authorization"]
    two = await door.http.get("/cases", headers=[("Authorization", one), ("Authorization", one)])
    assert two.status_code == 401


async def test_a_token_that_was_believed_ends_when_it_says_with_ten_seconds_of_leeway(door: Door) -> None:
    header = bearer("project-manager/pm-1", door.clock)
    assert (await door.http.get("/cases", headers=header)).status_code == 200
    door.clock.advance(timedelta(minutes=5, seconds=9))
    assert (await door.http.get("/cases", headers=header)).status_code == 200
    door.clock.advance(timedelta(seconds=2))
    late = await door.http.get("/cases", headers=header)
    assert (late.status_code, late.json()["code"]) == (401, "access.token_expired")


async def test_one_audience_of_several_is_enough(door: Door) -> None:
    said = token(claims_of("project-manager", "pm-1", door.clock, aud=["another", AUDIENCE]))
    assert (await door.ask(f"Bearer {said}")).status_code == 200


async def test_a_person_with_two_roles_says_which_and_none_she_does_not_have(door: Door) -> None:
    header = bearer("referrer/two", door.clock, roles=["project-manager", "referrer"])
    assert (await door.http.get("/cases", headers=header)).status_code == 403
    chosen = await door.http.get("/cases", headers=header | {ROLE: "project-manager"})
    assert (chosen.status_code, chosen.json()["who"]) == (200, "project-manager/two")
    other = await door.http.get("/cases", headers=header | {ROLE: "safeguarding-lead"})
    assert (other.status_code, other.json()["code"]) == (401, "access.token_role")


async def test_a_role_nobody_knows_gives_nothing(door: Door) -> None:
    answer = await door.http.get("/cases", headers=bearer("queen/q-1", door.clock))
    assert answer.status_code == 403
    assert [(one.caller.role, one.outcome) for one in door.audit.noted] == [("nobody", "refused")]
