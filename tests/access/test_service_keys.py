"""One service believes another for one call, one minute, once; and a page's pass for a worry and nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.access.app import guarded, guarded_app
from shared.access.caller import Caller
from shared.access.guard import Guard, caller_of_request
from shared.access.service_keys import Signer, Trusted, for_service, make_key, publish
from shared.access.worry_pass import HEADER, WorryPasses, worry_pass
from shared.runtime.problems import Refused
from shared.testing.access import MemoryAudit, memory_guard, signer, trusted
from shared.testing.clock import HandClock

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LEAD = Caller("person", "lead-1", "safeguarding-lead", "session", ("safeguarding-lead",), "nct", ("halton",))
ANNA = Caller("person", "anna", "volunteer", "session", ("volunteer",), "nct", ("halton",), proof="s-1")


class Door:
    """Routes of safeguarding, as far as who comes in."""

    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        guard: Guard = memory_guard("safeguarding", self.clock, MemoryAudit(), WorryPasses(trusted(self.clock)))
        app = guarded_app("test", guard, parts=[], ready=self._ready)
        for path, operation in {
            "/hold": "hold.read",
            "/concerns": "concern.raise",
            "/list": "concern.list",
            "/people": "people.lookup",
        }.items():
            app.add_route(path, guarded(operation, self._who), methods=["GET", "POST"])
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://s")

    async def _ready(self) -> bool:
        return True

    async def _who(self, request: Request) -> Response:
        caller = caller_of_request(request)
        return JSONResponse({"who": str(caller), "through": caller.through, "sites": list(caller.sites)})


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """The door, closed afterwards."""
    made = Door()
    yield made
    await made.http.aclose()


def called(
    door: Door, service: str = "support", to: str = "safeguarding", person: Caller | None = None
) -> dict[str, str]:
    """The header of a call."""
    return {"Authorization": for_service(signer(service, door.clock), to, person)}


async def test_a_service_is_believed_once(door: Door) -> None:  # S24
    said = called(door)
    first, again = await door.http.get("/hold", headers=said), await door.http.get("/hold", headers=said)
    assert (first.status_code, first.json()["who"]) == (200, "service/support")
    assert (again.status_code, again.json()["code"]) == (401, "access.service_token_replayed")


async def test_only_the_listed_calls_are_let_in(door: Door) -> None:
    assert (await door.http.get("/hold", headers=called(door, "outcomes"))).status_code == 403
    assert (await door.http.get("/list", headers=called(door))).status_code == 403
    assert (await door.http.get("/hold", headers=called(door, to="triage"))).status_code == 401


async def test_a_person_comes_through_a_service_with_her_own_row_and_sites(door: Door) -> None:
    answer = await door.http.get("/people", headers=called(door, "triage", person=LEAD))
    assert answer.json() == {"who": "safeguarding-lead/lead-1", "through": "triage", "sites": ["halton"]}
    commissioner = Caller("person", "c-1", "commissioner", "session", provider="nct")
    assert (await door.http.get("/people", headers=called(door, "triage", person=commissioner))).status_code == 403
    assert (await door.http.get("/people", headers=called(door, "outcomes", person=LEAD))).status_code == 403


async def test_a_call_is_over_after_its_minute_and_the_clocks_difference(door: Door) -> None:
    said = called(door)
    door.clock.advance(timedelta(seconds=121))
    assert (await door.http.get("/hold", headers=said)).json()["code"] == "access.service_token_times"


async def test_a_pass_raises_worries_for_as_long_as_it_lasts_and_opens_nothing_else(door: Door) -> None:  # S3
    said = {HEADER: worry_pass(signer("support", door.clock), ANNA, life=timedelta(days=30))}
    for day in range(30):
        answer = await door.http.post("/concerns", headers=said)
        assert (answer.status_code, answer.json()["who"]) == (200, "volunteer/anna"), day
        assert (await door.http.get("/list", headers=said)).status_code == 401
        door.clock.advance(timedelta(days=1))
    door.clock.advance(timedelta(minutes=2))
    assert (await door.http.post("/concerns", headers=said)).status_code == 401


@pytest.mark.parametrize("device", [None, UUID("0b8f2f64-5d0e-4a57-9a1e-00000000f00e")])
async def test_a_pass_from_a_remembered_phone_says_which(door: Door, device: UUID | None) -> None:  # S30
    passed = worry_pass(signer("support", door.clock), replace(ANNA, device=device), life=timedelta(days=1))
    request = Request({"type": "http", "headers": [(HEADER.lower().encode(), passed.encode())]})
    caller = await WorryPasses(trusted(door.clock))(
        request, memory_guard("safeguarding", door.clock, MemoryAudit()).policy.operations["concern.raise"]
    )
    assert caller is not None
    assert caller.device == device


async def test_a_pass_that_was_changed_is_none(door: Door) -> None:
    good = worry_pass(signer("support", door.clock), ANNA, life=timedelta(days=1))
    other = "A" if good[-4] != "A" else "B"
    for changed in (f"{good[:-4]}{other}{good[-3:]}", f"{good.rsplit('.', 1)[0]}.", f"{good}.", good[1:]):
        assert (await door.http.post("/concerns", headers={HEADER: changed})).status_code == 401


async def test_a_call_is_no_pass_and_a_pass_is_no_call(door: Door) -> None:
    passed = worry_pass(signer("support", door.clock), ANNA, life=timedelta(seconds=60))
    assert (await door.http.get("/people", headers={"Authorization": f"Bearer {passed}"})).status_code == 401
    call = for_service(signer("support", door.clock), "safeguarding", ANNA).removeprefix("Bearer ")
    assert (await door.http.post("/concerns", headers={HEADER: call})).status_code == 401


def test_two_keys_are_valid_at_a_time_and_a_third_drops_the_oldest(tmp_path: Path) -> None:
    own, public, clock = tmp_path / "own", tmp_path / "public", HandClock(NOW)
    said = []
    for name in ("2026-09", "2026-10", "2026-11"):
        make_key(own, name)
        publish(own, public, "support")
        said.append(Signer("support", own, clock).sign("beside:triage", "service/support"))
    believed = Trusted(public, clock)
    with pytest.raises(Refused):
        believed.verify(said[0], audience="beside:triage")
    assert [believed.verify(one, audience="beside:triage")[0] for one in said[1:]] == ["support", "support"]


def test_a_key_that_comes_while_we_run_is_looked_up(tmp_path: Path) -> None:
    own, public, clock = tmp_path / "own", tmp_path / "public", HandClock(NOW)
    make_key(own, "2026-10")
    publish(own, public, "support")
    believed = Trusted(public, clock)
    believed.verify(Signer("support", own, clock).sign("x", "s"), audience="x")
    make_key(own, "2026-11")
    publish(own, public, "support")
    assert believed.verify(Signer("support", own, clock).sign("x", "s"), audience="x")[0] == "support"


def test_a_key_is_readable_by_its_user_alone_and_never_made_twice(tmp_path: Path) -> None:
    make_key(tmp_path / "own", "2026-11")
    (file,) = (tmp_path / "own").iterdir()
    before = file.read_bytes()
    make_key(tmp_path / "own", "2026-11")
    assert (file.stat().st_mode & 0o777, file.read_bytes()) == (0o600, before)
