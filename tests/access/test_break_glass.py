"""Beyond one's row: what may be widened and what never, until when, who hears of it, and that nothing is unseen."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml
from pydantic import ValidationError
from starlette.requests import Request

from shared.access.app import check_routes, guarded_app, guarded_router
from shared.access.caller import Caller
from shared.access.glass.doors import glass_routes
from shared.access.glass.kept import BrokenGlass, Glass
from shared.access.glass.rules import glass_rules
from shared.access.guard import Guard, reach_of, within
from shared.access.policy.table import Operation, policy_from
from shared.access.reach import SCOPES, Placed, Reach
from shared.access.roles import ROLES
from shared.access.wiring import policy
from shared.runtime.clock import new_id
from shared.runtime.errors import Unavailable
from shared.runtime.operation import performs
from shared.testing.access import MemoryAudit, memory_guard
from shared.testing.clock import HandClock
from shared.testing.issuer import bearer

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
POLICY = policy()
REASON = "covering-a-colleague"
UNKNOWN = ("thing.unknown", "There is no such thing.")
THINGS = {"mine": Placed("nct", "halton"), "next-door": Placed("nct", "newham"), "theirs": Placed("other", "halton")}
WIDENED = {"referral.read", "referral.identity", "triage.read", "support.read"}
LIFE = glass_rules().life


def person(role: str = "project-manager", **more: Any) -> Caller:
    """Somebody of one site."""
    said: dict[str, Any] = {"via": "token", "provider": "nct", "sites": ("halton",), "roles": (role,)}
    return Caller(kind="person", id="x", role=role, **said | more)


# ---- what is widened, and what never


def test_these_operations_may_be_widened_and_no_other() -> None:
    assert {name for name, one in POLICY.operations.items() if one.break_glass} == WIDENED


@pytest.mark.parametrize("role", ROLES)
def test_the_matrix(role: str) -> None:
    """Every role and operation: what she reaches once she has broken the glass wherever the table lets her."""
    may_begin = POLICY.reach("break-glass.begin", person(role)) is not None
    for operation, row in POLICY.operations.items():
        before = POLICY.reach(operation, person(role))
        after = before.beyond("g") if before is not None and row.break_glass and may_begin else before
        if operation.startswith("concern.") or operation not in WIDENED or role != "project-manager":
            assert after == before, operation
        else:
            assert before is not None
            assert after is not None
            assert (before.scope, after.scope, after.glass) == ("site", "provider", "g"), operation


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_widened_beyond_the_provider_and_nothing_made_narrower(scope: Any) -> None:
    reach = Reach("triage.read", scope, person())
    after = reach.beyond("g")

    assert after.scope == ("provider" if scope in ("site", "matches", "self") else scope)
    assert not (after.scope == "provider" and after.covers(THINGS["theirs"]))


@pytest.mark.parametrize("name", ["concern.read", "concern.words", "audit.read", "break-glass.begin"])
def test_a_table_that_widens_a_concern_or_the_audit_stops_the_start(name: str) -> None:  # S23
    row = {"what": "x", "break_glass": True, "rows": {"project-manager": "site"}}
    shown = {"version": "1", "source": "s", "owner": "o", "operations": {name: row}}
    with pytest.raises(ValidationError, match="never widened"):
        policy_from(yaml.safe_dump(shown))


@pytest.mark.parametrize("flag", ["changes", "anyone", "step_up"])
def test_a_table_that_widens_a_change_or_a_record_with_step_up_stops_the_start(flag: str) -> None:
    row = {"what": "x", "break_glass": True, "rows": {"project-manager": "site"}, flag: True}
    shown = {"version": "1", "source": "s", "owner": "o", "operations": {"one.thing": row}}
    with pytest.raises(ValidationError, match="may be widened"):
        policy_from(yaml.safe_dump(shown))


# ---- while it lasts


class Door:
    """A read of who somebody is, one of codes, a list, a change and a concern, behind a guard that knows glasses."""

    def __init__(self, glass: BrokenGlass, clock: HandClock) -> None:
        self.clock, self.audit, self.glass = clock, MemoryAudit(), glass
        plain = memory_guard("referral", clock, self.audit)
        guard = Guard(plain.policy, plain._authenticators, self.audit, clock, glasses=glass)
        self.app = guarded_app("test", guard, parts=[], ready=_ready)
        router = guarded_router()
        for path, operation in (
            ("who", "referral.identity"),
            ("codes", "triage.read"),
            ("listed", "triage.list"),
            ("concern", "concern.read"),
        ):
            router.get(f"/{path}/{{case}}")(performs(operation)(_answer()))
        router.post("/change/{case}")(performs("triage.decide")(_answer()))
        self.app.include_router(router)
        self.app.include_router(glass_routes(glass))
        check_routes(self.app)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://r")

    async def get(self, path: str, acting: str = "project-manager/pm-1") -> int:
        return (await self.http.get(path, headers=bearer(acting, self.clock, sites=["halton"]))).status_code

    async def post(self, path: str, acting: str = "project-manager/pm-1", **more: Any) -> httpx.Response:
        said = bearer(acting, self.clock, sites=["halton"]) | {"Idempotency-Key": "key-0001"}
        return await self.http.post(path, headers=said, **more)

    async def begin(self, **more: Any) -> httpx.Response:
        return await self.post("/api/break-glass", json={"reason": REASON}, **more)


def _answer() -> Any:
    async def answer(case: str, request: Request) -> Any:
        within(reach_of(request), THINGS.get(case), UNKNOWN)
        return {"name": "somebody"}

    return answer


async def _ready() -> bool:
    return True


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
async def glass(database: Any, clock: HandClock) -> BrokenGlass:
    made = BrokenGlass(database, clock)
    await made.ensure_indexes()
    return made


@pytest.fixture
async def door(glass: BrokenGlass, clock: HandClock) -> AsyncIterator[Door]:
    made = Door(glass, clock)
    yield made
    await made.http.aclose()


READS = ("/who/next-door", "/codes/next-door")
NEVER = ("/who/theirs", "/codes/theirs", "/codes/nowhere", "/listed/next-door", "/concern/next-door")


async def test_she_reaches_her_whole_provider_until_the_time_is_up_and_nothing_else_ever(door: Door) -> None:
    before = [await door.get(path) for path in READS]
    begun = await door.begin()
    during = [await door.get(path) for path in READS]
    never = [await door.get(path) for path in NEVER]
    changed = await door.post("/change/next-door")
    door.clock.advance(LIFE - timedelta(milliseconds=1))
    last = [await door.get(path) for path in READS]
    door.clock.advance(timedelta(milliseconds=1))
    after = [await door.get(path) for path in READS]

    assert begun.status_code == 201
    assert begun.json()["ends_at"] == (NOW + LIFE).isoformat()
    assert (before, during, last, after) == ([404, 404], [200, 200], [200, 200], [404, 404])
    assert set(never) == {404, 403}
    assert changed.status_code == 404


async def test_it_can_be_ended_and_is_hers_in_that_role_alone(door: Door) -> None:
    await door.begin()
    seen = [await door.get("/codes/next-door", acting) for acting in ("project-manager/pm-2", "triage-worker/pm-1")]
    ended = await door.post("/api/break-glass/end")

    assert seen == [404, 404]
    assert ended.status_code == 204
    assert await door.get("/codes/next-door") == 404


@pytest.mark.parametrize("acting", ["triage-worker/t", "volunteer/v", "auditor/a", "information-governance/i"])
async def test_whoever_has_no_row_cannot_begin(door: Door, acting: str) -> None:
    assert (await door.begin(acting=acting)).status_code == 403
    assert await door.glass.untold() == []


async def test_each_look_is_noted_with_its_purpose_also_where_usually_nothing_is(door: Door) -> None:
    await door.get("/codes/mine")
    assert door.audit.noted == []
    begun = await door.begin()
    for path in ("/codes/next-door", "/who/next-door", "/codes/theirs"):
        await door.get(path)
    noted = [(one.operation, one.subjects, one.purpose, one.outcome) for one in door.audit.noted]

    assert ("break-glass.begin", (begun.json()["id"],), REASON, "admitted") in noted
    assert ("triage.read", ("next-door",), "break-glass", "admitted") in noted
    assert ("referral.identity", ("next-door",), "break-glass", "admitted") in noted
    assert ("triage.read", ("theirs",), "break-glass", "failed: thing.unknown") in noted


async def test_what_cannot_be_noted_is_not_shown(door: Door) -> None:
    await door.begin()
    door.audit.failing = Unavailable()

    assert await door.get("/codes/next-door") == 503


async def test_a_reason_is_one_of_the_list_and_the_same_key_is_the_same_glass(door: Door) -> None:
    story = await door.post("/api/break-glass", json={"reason": "Mary is my neighbour"})
    first, again = await door.begin(), await door.begin()

    assert (story.status_code, story.json()["code"]) == (409, "access.unknown_reason")
    assert "Mary" not in story.text
    assert first.json() == again.json()
    assert len(await door.glass.untold()) == 1


async def test_a_session_has_its_own_and_takes_it_along_when_it_ends(glass: BrokenGlass) -> None:
    at_desk, elsewhere = person(via="session", proof="s-1"), person(via="session", proof="s-2")
    begun = await glass.begin(at_desk, REASON, new_id())

    assert await glass.of(at_desk) == begun
    assert await glass.of(elsewhere) is None
    assert await glass.of(person()) is None


async def test_a_service_that_asks_for_her_is_not_widened(glass: BrokenGlass, clock: HandClock) -> None:
    class Asked:
        async def of(self, _: Caller) -> Glass:
            raise AssertionError("not asked")

    async def through(request: Request, operation: Operation) -> Caller:
        return person(through="triage")

    guard = Guard(POLICY, [through], MemoryAudit(), clock, glasses=Asked())
    app = guarded_app("test", guard, parts=[], ready=_ready)
    router = guarded_router()
    router.post("/people")(performs("people.lookup")(_scope))
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://r") as http:
        assert (await http.post("/people")).json() == {"scope": "site"}


async def _scope(request: Request) -> Any:
    return {"scope": reach_of(request).scope}
