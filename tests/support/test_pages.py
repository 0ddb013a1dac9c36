"""Support's pages over HTTP on a real MongoDB: what each reader sees, what a form does, and a worry before anything."""

import re
from typing import Any

import httpx
import pytest

from shared.access.caller import volunteer_of
from shared.access.service_keys import ISSUERS, Trusted
from shared.runtime.clock import SystemClock
from shared.testing.issuer import bearer
from tests.runtime.core.world import until
from tests.support.cases import CASE
from tests.support.test_service import (  # noqa: F401 - fixtures
    accept,
    http,
    key,
    no_keys_left,
    safeguarding,
    settings,
    volunteer,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
HTML = {"Accept": "text/html"}
ANNA = "anna-account"


@pytest.fixture
async def matched(http: httpx.AsyncClient, settings: Any) -> httpx.AsyncClient:  # noqa: F811
    """A running support with one case, matched with Anna."""
    await accept(settings)
    anna = await volunteer(http, account=ANNA)
    assert anna == str(volunteer_of(ANNA))
    await until(lambda: shows(http, "/volunteers", anna[:8]))
    await until(lambda: shows(http, f"/cases/{CASE}", anna[:8]))
    for step in ("hold", "match"):
        form = {"key": f"key-{step}-0001", "volunteer": anna, "step": step, "offer": "one-to-one"}
        answer = await http.post(f"/cases/{CASE}/match", data=form, headers=HTML)
        assert answer.status_code == 303, answer.text
    await until(lambda: shows(http, f"/cases/{CASE}", "In support"))
    return http


async def shows(http: httpx.AsyncClient, path: str, words: str, acting: str = "") -> bool:  # noqa: F811
    """Whether a page has these words."""
    headers = HTML | (bearer(acting) if acting else {})
    return words in (await http.get(path, headers=headers)).text


async def test_a_volunteer_sees_the_woman_she_is_matched_with_and_nobody_else(matched) -> None:  # S28
    assert await shows(matched, "/cases", f"/cases/{CASE}", f"volunteer/{ANNA}")
    assert not await shows(matched, "/cases", str(CASE), "volunteer/another")
    mine = await matched.get(f"/cases/{CASE}", headers=HTML | bearer(f"volunteer/{ANNA}"))
    assert "Log a session" in mine.text
    assert "End support" not in mine.text
    for score in ("anxiety", "depression", "HADS", "EPDS", "urgency"):
        assert score not in mine.text
    theirs = await matched.get(f"/cases/{CASE}", headers=HTML | bearer("volunteer/another"))
    assert theirs.status_code == 404


async def test_a_session_is_logged_by_form_and_shown(matched) -> None:
    form = {"key": "key-session-1", "held_at": "2026-11-20T10:30", "minutes": "50", "outcome": "took_place",
            "channel": "online", "offer": "one-to-one", "reasons": "", "notes": "", "in_danger": ""}  # fmt: skip
    answer = await matched.post(f"/cases/{CASE}/sessions", data=form, headers=HTML | bearer(f"volunteer/{ANNA}"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{CASE}")
    await until(lambda: shows(matched, f"/cases/{CASE}", "50 minutes"))
    assert await shows(matched, f"/cases/{CASE}", "Friday 20 November 2026 at 10:30am")


@pytest.mark.parametrize("wrong", [{}, {"minutes": "a while"}, {"held_at": "yesterday"}, {"offer": "tea"}])
async def test_a_worry_in_a_session_is_on_record_and_has_its_receipt_whatever_else_is_wrong(
    matched, database, wrong: dict[str, str]
) -> None:  # S3 S19
    form = {"key": "key-session-2", "held_at": "2026-11-20T10:30", "minutes": "50", "outcome": "took_place",
            "channel": "online", "offer": "one-to-one", "in_danger": "yes", **wrong}  # fmt: skip
    answer = await matched.post(f"/cases/{CASE}/sessions", data=form, headers=HTML | bearer(f"volunteer/{ANNA}"))
    assert answer.status_code == 200
    assert "Your worry was received" in answer.text
    [flagged] = await database["commits"].find({"events.type": "support.worry_flagged.v1"}).to_list()
    assert flagged["events"][0]["data"]["level"] == "now"


async def test_a_worry_in_the_last_session_has_its_receipt_when_support_ended_meanwhile(matched) -> None:  # S19 S20
    form = {"reason": "goals_met", "key": "key-end-0002"}
    assert (await matched.post(f"/cases/{CASE}/end", data=form, headers=HTML)).status_code == 303
    await until(lambda: shows(matched, f"/cases/{CASE}", "Page not found", f"volunteer/{ANNA}"))
    form = {"key": "key-session-3", "held_at": "2026-11-20T10:30", "minutes": "50", "outcome": "took_place",
            "channel": "online", "offer": "one-to-one", "in_danger": "yes"}  # fmt: skip
    answer = await matched.post(f"/cases/{CASE}/sessions", data=form, headers=HTML | bearer(f"volunteer/{ANNA}"))
    assert (answer.status_code, "Received" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "body", [b"in_danger=yes&x=%zz", b"in_danger=not_sure&in_danger=no&key=1", b"\xff&in_danger=yes"]
)
async def test_a_form_nobody_can_read_does_not_lose_its_worry(matched, database, body: bytes) -> None:  # S3
    headers = HTML | bearer(f"volunteer/{ANNA}") | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await matched.post(f"/cases/{CASE}/sessions", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert await database["commits"].count_documents({"events.type": "support.worry_flagged.v1"}) == 1


async def test_a_worry_of_somebody_who_may_not_log_is_kept_and_the_rest_refused(matched, database) -> None:  # S3
    form = {"in_danger": "yes", "minutes": "5"}
    for acting, status in (("commissioner/c-1", 403), ("volunteer/another", 404)):
        answer = await matched.post(f"/cases/{CASE}/sessions", data=form | {"signal": ""}, headers=bearer(acting))
        assert answer.status_code == status
    assert await database["commits"].count_documents({"events.type": "support.worry_flagged.v1"}) == 2


async def test_what_cannot_be_done_is_said_on_the_page(matched, safeguarding) -> None:  # noqa: F811
    again = await matched.post(f"/cases/{CASE}/match", data={"volunteer": "nobody", "step": "hold"}, headers=HTML)
    assert (again.status_code, "Choose a volunteer" in again.text) == (422, True)
    nothing = await matched.post(f"/cases/{CASE}/end", data={"reason": ""}, headers=HTML)
    assert (nothing.status_code, "Say why" in nothing.text) == (422, True)
    safeguarding.hold = None
    held = await matched.post(f"/cases/{CASE}/end", data={"reason": "goals_met", "key": "key-end-0001"}, headers=HTML)
    assert held.status_code == 409, "safeguarding did not say that nothing holds the case (S24)"


async def test_volunteers_are_registered_paused_and_come_back_by_form(http, settings) -> None:  # noqa: F811
    form = {"key": "key-register", "site": "halton", "account": "beth", "offers": ["one-to-one"],
            "gates": ["training", "readiness", "checks"]}  # fmt: skip
    missing = await http.post("/volunteers", data=form | {"gates": ["training"]}, headers=HTML)
    assert missing.status_code == 409
    foreign = await http.post("/volunteers", data=form | {"site": "elsewhere"}, headers=HTML)
    assert foreign.status_code == 422
    assert (await http.post("/volunteers", data=form, headers=HTML)).status_code == 303
    beth = str(volunteer_of("beth"))
    await until(lambda: shows(http, "/volunteers", beth[:8]))
    assert (await http.post(f"/volunteers/{beth}/pause", data={"key": "key-pause-1"}, headers=HTML)).status_code == 303
    await until(lambda: shows(http, "/volunteers", "Paused"))
    assert not await shows(http, "/volunteers", "Register a volunteer", "safeguarding-lead/lead-1")


async def test_names_are_asked_for_whoever_reads_and_a_page_without_them_is_still_a_page(
    matched,
    safeguarding,  # noqa: F811
    settings,  # noqa: F811
) -> None:
    away = (await matched.get(f"/cases/{CASE}", headers=HTML)).text
    assert "Her name cannot be reached now" in away
    assert re.search(rf"<h1[^>]*>{str(CASE)[:8]}</h1>", away)

    safeguarding.people = {str(CASE): {"given": "Amara", "phone": "07700 900123", "safe_to_contact": "yes"}}
    listed = await matched.get("/cases", headers=HTML | bearer(f"volunteer/{ANNA}"))
    assert ">Amara</a>" in listed.text
    one = (await matched.get(f"/cases/{CASE}", headers=HTML | bearer(f"volunteer/{ANNA}"))).text
    assert re.search("<h1[^>]*>Amara</h1>", one)
    assert "07700 900123" in one
    proof = safeguarding.lookups[-1].headers["Authorization"].removeprefix("Bearer ")
    by, said = Trusted(settings.trusted_keys, SystemClock()).verify(proof, audience=f"{ISSUERS}referral")
    assert by == "support"
    assert (said["sub"], said["matches"]) == (f"volunteer/{ANNA}", [str(CASE)])
