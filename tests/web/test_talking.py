"""A mother asks for support herself, on a phone, by keyboard alone: the form, a fault, the answer, and the way out."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from services.referral.adapters.pages import TEMPLATES
from services.referral.adapters.self_pages import self_routes
from services.referral.adapters.self_referral import SelfReferral
from services.referral.app import self_rules, terms
from shared.web.app import dress
from shared.web.headers import PageSettings
from shared.web.pages import Pages
from tests.referral.world import World, world
from tests.web.conftest import served
from tests.web.harness import PHONE, context_of, examine, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
MEANT = ["console: Failed to load resource: the server responded with a status of "]


@pytest.fixture
async def intake() -> AsyncIterator[World]:
    """Intake in memory with the public pages."""
    async with world() as running:
        pages = Pages(TEMPLATES, title_end="")
        running.app.include_router(self_routes(SelfReferral(running.intake, self_rules()), pages, terms()))
        running.app.include_router(pages.routes())
        dress(running.app, PageSettings())
        yield running


@pytest.fixture
async def base(intake: World) -> AsyncIterator[str]:
    """Where it is."""
    async with served(intake.app) as address:
        yield address


async def fill(page: Page) -> None:
    """What she must say, by keyboard."""
    await page.get_by_role("radio", name="No").first.focus()
    await page.keyboard.press("Space")
    await page.get_by_label("What do you like to be called?").focus()
    await page.keyboard.type("Nell")
    await page.get_by_role("radio", name="I will ring you").focus()
    await page.keyboard.press("Space")
    await (
        page.get_by_role("group", name="Is it safe to leave you a message there?")
        .get_by_role("radio", name="I am not sure")
        .focus()
    )
    await page.keyboard.press("Space")


@pytest.mark.parametrize("script", [True, False])
async def test_she_is_taken_in_three_pages_by_keyboard(browser: Browser, intake: World, base: str, script: bool):  # R31
    async with context_of(browser, width=PHONE, script=script) as context:
        seen = await opened(context, f"{base}/talk/halton")
        await seen.page.get_by_role("button", name="Start").focus()
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.get_by_role("group", name="Is anyone in danger now?")).to_be_visible()
        await fill(seen.page)
        await seen.page.get_by_role("button", name="Send").focus()
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.get_by_role("heading", name="We have it")).to_be_visible()
        await picture(seen.page, f"talk-received-{PHONE}{'' if script else '-no-script'}")
        assert seen.outside == []
    (received,) = intake.received()
    assert (received.source, received.text_unread) == ("self", False)


async def test_a_danger_is_known_before_the_form_is_complete(browser: Browser, intake: World, base: str):  # S3
    async with context_of(browser, width=PHONE) as context:
        seen = await opened(context, f"{base}/talk/halton/form")
        await seen.page.get_by_role("group", name="Is anyone in danger now?").get_by_label("Yes").check()
        await seen.page.get_by_role("button", name="Send").click()
        await expect(seen.page.get_by_text("We have your answer about danger")).to_be_visible()
        await expect(seen.page.get_by_role("link", name="Emergency: 999")).to_be_visible()
        await picture(seen.page, f"talk-danger-{PHONE}")
    assert [one.level for one in intake.worries()] == ["now"]


async def test_with_the_server_gone_it_says_not_sent_and_keeps_what_she_wrote(browser: Browser, base: str):  # S20
    async with context_of(browser, width=PHONE) as context:
        seen = await opened(context, f"{base}/talk/halton/form")
        await fill(seen.page)
        await context.set_offline(True)
        await seen.page.get_by_role("button", name="Send").click()
        await expect(seen.page.get_by_role("alert").filter(has_text="NOT SENT")).to_be_visible()
        await expect(seen.page.get_by_label("What do you like to be called?")).to_have_value("Nell")


@pytest.mark.parametrize("path", ["", "/form", "/received"])
async def test_each_page_has_no_fault(browser: Browser, base: str, path: str):
    assert await examine(browser, f"{base}/talk/halton{path}", f"talk{path.replace('/', '-')}") == []


async def test_the_form_with_faults_has_no_fault(browser: Browser, base: str):
    async def send(page: Page) -> None:
        await page.get_by_role("button", name="Send").click()
        await page.get_by_role("heading", name="There is a problem").wait_for()

    found = await examine(browser, f"{base}/talk/halton/form", "talk-faults", act=send, expected=MEANT)
    assert found == []


async def test_a_first_page_is_light(base: str):
    async with httpx.AsyncClient(trust_env=False) as http:
        assert len((await http.get(f"{base}/talk/halton/form")).content) < 30_000
