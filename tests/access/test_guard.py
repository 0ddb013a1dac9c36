"""Nothing is told before it is noted, nobody goes around the guard, and no answer says what there is."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.access.app import Unguarded, check_routes, guarded, guarded_app, guarded_router
from shared.access.guard import reach_of, within
from shared.access.rate import Rate, Rates
from shared.access.reach import Placed
from shared.runtime.errors import Unavailable
from shared.runtime.operation import performs
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.issuer import bearer

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
UNKNOWN = ("thing.unknown", "There is no such thing.")
THINGS = {"mine": Placed("nct", "halton"), "next-door": Placed("nct", "newham"), "theirs": Placed("other", "halton")}


async def _ready() -> bool:
    return True


class Door:
    """A read of who somebody is, a change, a harmless read and a record that asks for a fresh proof."""

    def __init__(self) -> None:
        self.clock, self.audit, self.happened = HandClock(NOW), MemoryAudit(), 0
        self.app = guarded_app("test", memory_guard("referral", self.clock, self.audit), parts=[], ready=_ready)
        router = guarded_router()

        @router.get("/who/{case}")
        @performs("referral.identity")
        async def who(case: str, request: Request) -> Any:
            within(reach_of(request), THINGS.get(case), UNKNOWN)
            return {"name": "somebody"}

        @router.post("/change/{case}")
        @performs("referral.withdraw")
        async def change(case: str, request: Request) -> Any:
            within(reach_of(request), THINGS.get(case), UNKNOWN)
            self.happened += 1
            return {"done": True}

        @router.get("/words/{concern}")
        @performs("concern.words")
        async def words(concern: str) -> Any:
            return {"words": []}

        self.app.include_router(router)
        self.app.add_route("/send", guarded("referral.send", _send), methods=["POST"])
        check_routes(self.app)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://r")

    async def get(self, path: str, acting: str = "project-manager/pm-1", **more: Any) -> httpx.Response:
        return await self.http.get(path, headers=bearer(acting, self.clock, sites=["halton"], **more))

    async def post(self, path: str, acting: str = "project-manager/pm-1", **more: Any) -> httpx.Response:
        return await self.http.post(path, headers=bearer(acting, self.clock, sites=["halton"], **more))


async def _send(request: Request) -> Response:
    return JSONResponse({"taken": True}, 201)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """The door, closed afterwards."""
    made = Door()
    yield made
    await made.http.aclose()


async def test_a_read_of_who_somebody_is_and_a_change_are_noted_with_who_what_and_whom(door: Door) -> None:
    await door.get("/who/mine")
    await door.post("/change/mine")
    noted = [(str(one.caller), one.operation, one.subjects, one.outcome) for one in door.audit.noted]
    assert noted == [
        ("project-manager/pm-1", "referral.identity", ("mine",), "admitted"),
        ("project-manager/pm-1", "referral.withdraw", ("mine",), "admitted"),
    ]


async def test_what_cannot_be_noted_is_not_told(door: Door) -> None:
    door.audit.failing = Unavailable()
    read, changed = await door.get("/who/mine"), await door.post("/change/mine")
    assert (read.status_code, changed.status_code) == (503, 503)
    assert "somebody" not in read.text
    assert "Retry-After" in read.headers


async def test_what_is_out_of_reach_looks_like_what_is_not_there_byte_for_byte(door: Door) -> None:  # S18
    seen = []
    for case in ("next-door", "theirs", "nowhere"):
        answer = await door.get(f"/who/{case}")
        headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-correlation-id")}
        seen.append((answer.status_code, answer.content, headers))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 404


async def test_a_try_beyond_ones_reach_is_noted_as_one(door: Door) -> None:
    await door.get("/who/theirs")
    await door.get("/who/mine", "commissioner/c-1")
    outcomes = [(one.operation, one.subjects, one.outcome) for one in door.audit.noted]
    assert ("referral.identity", ("theirs",), "failed: thing.unknown") in outcomes
    assert ("referral.identity", ("mine",), "refused") in outcomes


async def test_a_change_out_of_reach_does_not_happen(door: Door) -> None:
    assert (await door.post("/change/next-door")).status_code == 404
    assert (await door.post("/change/mine", "volunteer/v-1")).status_code == 403
    assert door.happened == 0


async def test_a_record_that_asks_for_it_opens_to_a_fresh_proof_only(door: Door) -> None:
    lead = "safeguarding-lead/lead-1"
    old = int((NOW - timedelta(minutes=6)).timestamp())
    assert (await door.get("/words/1", lead)).status_code == 200
    for stale in (old, None, "today"):
        answer = await door.get("/words/1", lead, auth_time=stale)
        assert (answer.status_code, answer.json()["code"]) == (401, "access.prove_again")


async def test_a_system_that_sends_too_much_is_told_when_to_go_on(door: Door) -> None:
    door.app.state.guard._rates = Rates(Rate(per_second=0.5, burst=3))
    sent = [await door.post("/send", "referrer-system/rxx", organisations=["RXX"]) for _ in range(4)]
    assert [one.status_code for one in sent] == [201, 201, 201, 429]
    assert int(sent[3].headers["Retry-After"]) >= 1
    other = await door.post("/send", "referrer-system/ryy", organisations=["RYY"])
    assert other.status_code == 201


def _bare(router: APIRouter) -> None:
    @router.get("/bare")
    async def bare() -> Any:
        return {}


def _unknown(router: APIRouter) -> None:
    @router.get("/unknown")
    @performs("nothing.known")
    async def unknown() -> Any:
        return {}


@pytest.mark.parametrize("hang", [_bare, _unknown])
@pytest.mark.parametrize("make", [guarded_router, APIRouter])
def test_a_route_without_an_operation_of_the_table_stops_the_start(
    hang: Callable[[APIRouter], None], make: Callable[[], APIRouter]
) -> None:
    app = guarded_app("test", memory_guard("referral", HandClock(NOW)), parts=[], ready=_ready)
    router = make()
    hang(router)
    app.include_router(router)
    with pytest.raises(Unguarded):
        check_routes(app)


def test_a_route_around_the_guard_stops_the_start() -> None:
    app = guarded_app("test", memory_guard("referral", HandClock(NOW)), parts=[], ready=_ready)
    router = APIRouter()

    @router.get("/around")
    @performs("referral.read")
    async def around() -> Any:
        return {}

    app.include_router(router)
    with pytest.raises(Unguarded):
        check_routes(app)
