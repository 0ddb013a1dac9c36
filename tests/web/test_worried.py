"""The worried button in a real browser: two taps, two ways, and never a false "sent" (S19, S20)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.conftest import served
from tests.web.harness import PHONE, examine, visit
from tests.web.worried_world import Worries, pointed_at, safeguarding, support

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
OWN, OTHER = "**/api/cases/**", "**/api/concerns"
RECEIPT = "11111111-0000-4000-8000-000000000000"


@dataclass
class World:
    """Where the page is, what safeguarding was asked, and what the form without script keeps."""

    base: str
    other: str
    asked: list[tuple[dict[str, Any], str]]
    worries: Worries

    def visited(self, browser: Browser, **more: Any) -> Any:
        """The page on a phone, of somebody signed in."""
        return visit(browser, f"{self.base}/worried", width=PHONE, **more)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both services on ports of their own."""
    worries = Worries()
    asked: list[tuple[dict[str, Any], str]] = []
    app, button = support(worries)
    async with served(app) as base, served(safeguarding(asked, base)) as other:
        pointed_at(app, button, other)
        yield World(base, other, asked, worries)


async def own_answers(page: Page) -> None:
    """Its own service takes it."""
    await page.route(OWN, lambda route: route.fulfill(status=201, json={"receipt": RECEIPT}))


async def dead(page: Page, where: str) -> None:
    """Nothing answers there."""
    await page.route(where, lambda route: route.abort())


async def silent(page: Page, where: str) -> list[Route]:
    """Whatever goes there is never answered."""
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route(where, hold)
    return held


async def tap(page: Page, answer: str = "Yes") -> None:
    """The one question."""
    await page.get_by_role("button", name=answer, exact=True).click()


def state(page: Page) -> Any:
    """What the page says became of it."""
    return page.locator("[data-beside-worried-state]")


async def test_one_tap_on_the_page_and_its_own_service_has_it(browser: Browser, world: World) -> None:  # S19
    async with world.visited(browser) as seen:
        await own_answers(seen.page)
        await tap(seen.page)
        await expect(state(seen.page)).to_have_text(f"Received. Receipt {RECEIPT[:8]}")
        await seen.page.wait_for_timeout(2_500)  # the second way would have begun by now
        assert world.asked == []
        assert await seen.page.evaluate("localStorage.getItem('beside-worries')") == "[]"


@pytest.mark.parametrize("how", [dead, silent])
async def test_without_its_own_service_safeguarding_has_the_same_signal(
    browser: Browser, world: World, how: Any
) -> None:
    async with world.visited(browser) as seen:
        await how(seen.page, OWN)
        await tap(seen.page, "Not sure")
        await expect(state(seen.page)).to_contain_text("Received. Receipt", timeout=6_000)
        [(sent, worry_pass)] = world.asked
        assert sent["in_danger"] == "not_sure"
        assert worry_pass.count(".") == 2
        assert {one.removeprefix("outside: ") for one in seen.outside} == {world.other.removeprefix("http://")}


async def test_with_nobody_there_it_says_not_sent_and_sends_it_later_by_itself(browser: Browser, world: World) -> None:
    async with world.visited(browser) as seen:
        page = seen.page
        await dead(page, OWN)
        await dead(page, OTHER)
        await tap(page)
        await expect(state(page)).to_contain_text("NOT SENT")
        await expect(page.get_by_role("link", name="999")).to_be_visible()
        [kept] = json.loads(await page.evaluate("localStorage.getItem('beside-worries')"))
        assert kept.keys() == {"signal_id", "in_danger", "case"}

        await page.unroute(OTHER)
        await page.reload()
        await expect(state(page)).to_contain_text("A worry from before was sent just now", timeout=6_000)
        [(sent, _)] = world.asked
        assert sent["signal_id"] == kept["signal_id"]


async def test_an_answer_without_a_receipt_is_not_sent(browser: Browser, world: World) -> None:  # S20
    async with world.visited(browser) as seen:
        await seen.page.route(OWN, lambda route: route.fulfill(status=200, json={"ok": True}))
        await dead(seen.page, OTHER)
        await tap(seen.page)
        await expect(state(seen.page)).to_contain_text("NOT SENT")


async def test_without_script_it_is_a_form_with_a_receipt_or_a_plain_no(browser: Browser, world: World) -> None:
    async with world.visited(browser, script=False) as seen:
        world.worries.away = True
        await tap(seen.page)
        await expect(seen.page.get_by_role("heading", name="NOT SENT")).to_be_visible()
        signal = await seen.page.locator('input[name="signal"]').get_attribute("value")
        world.worries.away = False
        await tap(seen.page)
        await expect(seen.page.get_by_role("heading", name="Received")).to_be_visible()
        [kept] = world.worries.kept
        assert (kept["in_danger"], kept["signal_id"]) == ("yes", signal)


async def test_the_page_has_no_fault(browser: Browser, world: World) -> None:
    found = await examine(browser, f"{world.base}/worried", "worried")
    assert found == []
