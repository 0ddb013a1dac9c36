"""At triage's pages: a project manager opens a case of another site for a reason, sees that she does, and ends it."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.triage.app import build, made
from services.triage.settings import Settings
from shared.access.caller import Caller
from shared.testing.issuer import bearer
from tests.safeguarding.polling import until
from tests.triage.cases import CASE
from tests.triage.test_service import no_keys_left, refer, settings

__all__ = ["no_keys_left", "settings"]
# A part cancelled while its driver connects leaves the driver's half-made socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MANAGER = Caller("person", "pm-1", "project-manager", "session", ("project-manager",), "nct", ("newham",))
PAGE = f"/worklist/{CASE}"
BANNER = "You are reaching beyond your own records"


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A project manager of Newham, signed in at a running triage; the case is Halton's."""
    await refer(settings)
    app, triage = build(settings), made(settings)
    async with app.router.lifespan_context(app), triage.client:
        cookie = {triage.sign_in.cookie.name: await triage.sign_in.sessions.begin(MANAGER)}
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        accepts = {"Accept": "text/html"}
        async with httpx.AsyncClient(transport=transport, base_url="http://t", cookies=cookie, headers=accepts) as her:
            await until(lambda: folded(her))
            yield her


async def folded(client: httpx.AsyncClient) -> bool:
    """Whether triage has the case, as a lead sees it."""
    return (await client.get(PAGE, headers=bearer("safeguarding-lead/lead-1"))).status_code == 200


async def form(browser: httpx.AsyncClient, page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    text = (await browser.get(page)).text
    return dict(re.findall(r'<input type="hidden" name="(csrf|key)" value="([^"]+)"', text))


async def test_she_sees_it_for_a_reason_with_a_banner_and_goes_back(
    browser: httpx.AsyncClient, settings: Settings, mongo_client: Any
) -> None:
    before = await browser.get(PAGE)
    asked = await browser.get("/break-glass")
    sent = await form(browser, "/break-glass")
    without = await browser.post("/break-glass", data=sent)
    begun = await browser.post("/break-glass", data=sent | {"reason": "covering-a-colleague"})
    case, other = await browser.get(PAGE), await browser.get("/worklist")
    ended = await browser.post("/break-glass/end", data={"csrf": sent["csrf"]})
    after = await browser.get(PAGE)

    assert (before.status_code, after.status_code) == (404, 404)
    assert "The information-governance lead is told now" in asked.text
    assert without.status_code == 422
    assert "Choose why" in without.text
    assert (begun.status_code, case.status_code, ended.status_code) == (303, 200, 303)
    assert BANNER in case.text
    assert 'name="outcome"' not in case.text, "she may look, not decide"
    assert BANNER in other.text
    assert str(CASE) not in other.text, "the list is not widened"
    assert not any(BANNER in one.text for one in (before, asked, after))
    noted = mongo_client[f"{settings.database}_audit"]["entries"].find({"content.purpose": "break-glass"})
    content = [one["content"] async for one in noted]
    looks = [(one["operation"], one["subjects"], one["who"]) for one in content]
    assert looks == [("triage.read", [str(CASE)], "pm-1")]
    told = await mongo_client[settings.database]["broken_glass"].find_one({"by": "project-manager/pm-1"})
    assert told["told"] is False, "nobody answers at safeguarding: the notice waits"


async def test_a_form_that_is_not_hers_begins_nothing(browser: httpx.AsyncClient) -> None:
    sent = {"key": str(UUID(int=1)), "csrf": "made up", "reason": "covering-a-colleague"}
    assert (await browser.post("/break-glass", data=sent)).status_code == 403
    assert (await browser.get(PAGE)).status_code == 404
