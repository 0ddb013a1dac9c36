"""In a real browser, the quick part: what the script does, what a page weighs, and a look at one page."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from shared.web.wording import wording
from tests.web.conftest import served
from tests.web.gallery import CSRF, SIGNED_IN, gallery
from tests.web.harness import DESK, PHONE, Seen, context_of, examine, opened, picture, visit

pytestmark = pytest.mark.browser
ELSEWHERE = f"{wording().leaving.to}**"
HEAVIEST_FIRST, HEAVIEST_LATER = 150_000, 30_000


async def elsewhere(context: BrowserContext) -> None:
    """The page that leaving leads to, without the world outside."""

    async def answer(route) -> None:
        await route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")

    await context.route(ELSEWHERE, answer)


async def test_a_public_page_on_a_phone_has_no_fault(browser: Browser, shown: str):
    assert await examine(browser, f"{shown}/public/en", "public-en", looks=[(PHONE, True)]) == []


async def test_a_live_list_follows_the_server_without_loading_the_page_again(browser: Browser):
    app = gallery()
    async with served(app) as base, visit(browser, f"{base}/live", headers=SIGNED_IN) as seen:
        page = seen.page
        asked: list[Request] = []

        def note(request: Request) -> None:
            asked.append(request)

        page.on("request", note)
        await page.evaluate("() => { globalThis.sameDocument = true }")
        app.state.board.lines.append("Case 0001 <b>")
        app.state.board.changed.set()
        await expect(page.get_by_text("Case 0001 <b>")).to_be_visible()
        await expect(page.get_by_role("status")).to_have_text("1 lines")
        assert await page.evaluate("() => globalThis.sameDocument")
        assert {request.headers["beside-csrf"] for request in asked if "hx-request" in request.headers} == {CSRF}
        assert [*seen.errors, *seen.outside] == []


async def test_a_storm_of_changes_is_a_few_readings_and_the_last_one_counts(browser: Browser):
    app = gallery()
    async with served(app) as base, visit(browser, f"{base}/live") as seen:
        asked: list[str] = []

        def note(request: Request) -> None:
            asked.append(request.url)

        await expect(seen.page.get_by_role("status")).to_have_text("0 lines")
        seen.page.on("request", note)
        for number in range(30):
            app.state.board.lines.append(f"Case {number}")
            app.state.board.changed.set()
            await seen.page.evaluate("() => new Promise(requestAnimationFrame)")
        await expect(seen.page.get_by_role("status")).to_have_text("30 lines")
        assert len(asked) <= 4


async def test_a_live_list_says_that_it_lost_the_server_and_finds_it_again(browser: Browser):
    app = gallery()
    async with served(app) as base, context_of(browser) as context:
        app.state.board.lost = True
        seen = await opened(context, f"{base}/live")
        status = seen.page.get_by_role("status")
        await expect(status).to_have_text(re.compile("connection is lost"))
        await seen.page.clock.install()
        await seen.page.reload()
        await expect(status).to_have_text(re.compile("connection is lost"))
        app.state.board.lines.append("Case 0002")
        await seen.page.clock.fast_forward(timedelta(seconds=31).seconds * 1000)
        await expect(seen.page.get_by_text("Case 0002")).to_be_visible()
        await expect(status).to_have_text(re.compile("connection is lost"))


async def left(page: Page, base: str) -> None:
    """The other page is there, and nothing of ours behind it."""
    await expect(page.get_by_role("heading", name="Weather")).to_be_visible()
    await page.go_back()
    assert not page.url.startswith(f"{base}/public")


async def test_leaving_takes_the_place_of_the_page_in_the_history(browser: Browser, shown: str):  # S10
    async with context_of(browser, width=PHONE) as context:
        await elsewhere(context)
        seen = await opened(context, f"{shown}/public/en")
        await seen.page.get_by_role("button", name="Exit this page").click()
        await left(seen.page, shown)


async def test_three_presses_of_shift_leave_and_two_do_not(browser: Browser, shown: str):  # S10
    async with context_of(browser) as context:
        await elsewhere(context)
        seen = await opened(context, f"{shown}/public/en")
        for key in ("Shift", "Shift", "a", "Shift", "Shift"):
            await seen.page.keyboard.press(key)
        assert seen.page.url.endswith("/public/en")
        await seen.page.keyboard.press("Shift")
        await left(seen.page, shown)


async def test_a_public_page_leaves_one_entry_in_the_history_however_far_she_goes(browser: Browser, shown: str):  # S10
    async with context_of(browser) as context:
        page = (await opened(context, f"{shown}/public/en")).page
        before = await page.evaluate("() => history.length")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        await expect(page).to_have_title("Error: Get in touch - Beside gallery")
        assert await page.evaluate("() => document.activeElement.className") == "nhsuk-error-summary"
        await page.get_by_role("link", name="What happens next").click()
        await page.wait_for_url("**/public/nobody")
        assert await page.evaluate("() => history.length") == before


async def test_paper_shows_no_address_and_no_way_to_leave(browser: Browser, shown: str):  # S10
    async with visit(browser, f"{shown}/public/en") as seen:
        await seen.page.emulate_media(media="print")
        behind = "() => [...document.links].map((one) => getComputedStyle(one, '::after').content)"
        assert set(await seen.page.evaluate(behind)) == {"none"}
        await expect(seen.page.get_by_role("button", name="Exit this page")).to_be_hidden()
        await expect(seen.page.get_by_text("116 123")).to_be_visible()


async def test_what_did_not_arrive_is_said_and_what_was_typed_stays(browser: Browser, shown: str):  # S20
    async with context_of(browser, width=PHONE) as context:
        page = (await opened(context, f"{shown}/public/en")).page
        await page.get_by_label("What happened").fill("She cried")
        await context.set_offline(True)
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert")).to_have_text(re.compile("^NOT SENT"))
        await picture(page, "not-sent-320")
        assert await page.get_by_label("What happened").input_value() == "She cried"
        await context.set_offline(False)
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()


async def test_leaving_works_without_script(browser: Browser, shown: str):  # S10
    async with context_of(browser, script=False) as context:
        await elsewhere(context)
        seen = await opened(context, f"{shown}/public/en")
        await seen.page.get_by_role("button", name="Exit this page").click()
        assert urlsplit(seen.page.url).netloc == urlsplit(wording().leaving.to).netloc


async def warned(context: BrowserContext, base: str) -> Seen:
    """The page two minutes before its reader is signed out."""
    page = await context.new_page()
    await page.clock.install()
    seen = Seen(page, base)
    await page.goto(f"{base}/components")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.clock.fast_forward(14 * 60 * 1000)
    await expect(page.get_by_role("dialog")).to_be_visible()
    return seen


async def test_one_press_keeps_her_signed_in_and_she_is_warned_again(browser: Browser, shown: str):  # WCAG 2.2.1
    async with context_of(browser, headers=SIGNED_IN) as context:
        page = (await warned(context, shown)).page
        async with page.expect_request("**/session/stay") as asked:
            await page.get_by_role("button", name="Stay signed in").click()
        request = await asked.value
        assert request.headers["beside-csrf"] == CSRF
        assert f"csrf={CSRF}" in (request.post_data or "")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.clock.fast_forward(14 * 60 * 1000)
        await expect(page.get_by_role("dialog")).to_be_visible()


async def test_when_time_is_up_the_screen_is_asked_for_again(browser: Browser, shown: str):
    async with context_of(browser, headers=SIGNED_IN) as context:
        page = (await warned(context, shown)).page
        async with page.expect_navigation():
            await page.clock.fast_forward(2 * 60 * 1000)


async def test_at_the_last_end_there_is_a_warning_and_no_staying(browser: Browser, shown: str):
    async with context_of(browser, headers=SIGNED_IN | {"Gallery-Last": "1"}) as context:
        page = (await warned(context, shown)).page
        await page.get_by_role("button", name="Go back to the page").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert await page.get_by_role("button", name="Stay signed in").count() == 0


async def weighed(context: BrowserContext, url: str) -> int:
    """The bytes that came over the wire for a page and all it loads, headers included."""
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    total = 0

    def add(event) -> None:
        nonlocal total
        total += event["encodedDataLength"]

    devtools.on("Network.loadingFinished", add)
    await page.goto(url, wait_until="load")
    await page.wait_for_function("() => document.body.classList.contains('js-enabled')")
    return total


async def test_the_first_page_and_the_later_ones_are_light(browser: Browser, shown: str):
    async with context_of(browser, width=DESK, headers=SIGNED_IN) as context:
        first = await weighed(context, f"{shown}/live")
        later = await weighed(context, f"{shown}/components")
    assert 40_000 < first < HEAVIEST_FIRST, first
    assert 5_000 < later < HEAVIEST_LATER, later
    print(f"first page {first} bytes, later page {later} bytes")  # noqa: T201 - shown by pytest -s
