"""Opens a page as people do, on a phone and a desk, with and without script, and lists what is wrong with it.

    async with chromium() as browser:
        assert await examine(browser, f"{base}/concerns", "concerns", headers=lead) == []

Each look leaves a picture in `.local/screenshots/<name>-<width>[-no-script].png`.
"""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from deploy.local.places import LOCAL
from tests.web import checks

PHONE, DESK = 320, 1280
LOOKS = ((PHONE, True), (PHONE, False), (DESK, True), (DESK, False))
"""Each width with and without script."""
Look = tuple[int, bool]
Act = Callable[[Page], Awaitable[None]]
HEIGHTS = {PHONE: 640, DESK: 900}
SCREENSHOTS = LOCAL / "screenshots"
LONGEST_WAIT_MS = 15_000
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass
class Seen:
    """An open page, and what went wrong while it opened."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        """Note an error of the page's script, its policy or a missing file."""
        if message.type in ("error", "warning"):
            self.errors.append(f"console: {message.text}")

    def asked(self, request: Request) -> None:
        """Note a request to anybody else."""
        if urlsplit(request.url).scheme in ("http", "https") and not request.url.startswith(f"{self.origin}/"):
            self.outside.append(f"outside: {urlsplit(request.url).netloc}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium; set-up of the tests installs it. Raises `LookupError` when there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise LookupError("no Chromium here: run make browser")
    expect.set_options(timeout=LONGEST_WAIT_MS)
    async with async_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
        browser = await playwright.chromium.launch(executable_path=program, args=quiet)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def context_of(
    browser: Browser,
    *,
    width: int = DESK,
    script: bool = True,
    headers: Mapping[str, str] | None = None,
    cookies: Sequence[Any] = (),
) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing yet, as wide as asked."""
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        java_script_enabled=script,
        extra_http_headers=dict(headers or {}),
        reduced_motion="reduce",
        service_workers="block",
    )
    context.set_default_timeout(LONGEST_WAIT_MS)
    await context.add_cookies(list(cookies))
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def visit(browser: Browser, url: str, **how: Any) -> AsyncIterator[Seen]:
    """The page at `url`, loaded; `how` is that of `context_of`."""
    async with context_of(browser, **how) as context:
        yield await opened(context, url)


async def opened(context: BrowserContext, url: str) -> Seen:
    """The page at `url` in a browser that is open already."""
    where = urlsplit(url)
    seen = Seen(await context.new_page(), f"{where.scheme}://{where.netloc}")
    seen.page.on("console", seen.heard)
    seen.page.on("pageerror", lambda error: seen.errors.append(f"script: {error}"))
    seen.page.on("request", seen.asked)
    await seen.page.goto(url, wait_until="load")
    return seen


async def examine(
    browser: Browser,
    url: str,
    name: str,
    *,
    act: Act | None = None,
    expected: Sequence[str] = (),
    looks: Sequence[Look] = LOOKS,
    **how: Any,
) -> list[str]:
    """Everything wrong with a page: its contrast and structure, the keyboard's way, its width, its errors.

    `act` does something on the page before it is looked at (sends a form, opens a menu). `expected` are beginnings of
    console messages that the page is meant to cause. `how` is that of `context_of`.
    """
    found: list[str] = []
    for width, script in looks:
        async with visit(browser, url, width=width, script=script, **how) as seen:
            if act is not None:
                await act(seen.page)
            label = f"{name}-{width}{'' if script else '-no-script'}"
            await picture(seen.page, label)
            faults = [*await checks.faults(seen.page, script=script), *seen.errors, *seen.outside]
            found += [f"{label}: {one}" for one in faults if not one.startswith(tuple(expected) or ("\0",))]
    return found


async def picture(page: Page, label: str) -> None:
    """Keep how the page looks, whole."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{label}.png", full_page=True)
