"""Every page there is, on a phone and a desk, with and without script: no fault, and a picture of each to look at."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page

from services.safeguarding.adapters.opening import Opened
from services.safeguarding.domain.card import Card, Number, card_from
from shared.access.glass.kept import Glass
from tests.safeguarding.test_card import WHOLE
from tests.safeguarding.world import raised, taken
from tests.web.conftest import served
from tests.web.gallery import SIGNED_IN
from tests.web.harness import DESK, LOOKS, PHONE, examine
from tests.web.worlds import NOW, beyond, concern, evaluator, lead, outcomes, safeguarding

pytestmark = [pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(180)]
SCRIPTED = [(PHONE, True), (DESK, True)]
MEANT = ["console: Failed to load resource: the server responded with a status of "]


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_every_component(browser: Browser, shown: str, look):
    assert await examine(browser, f"{shown}/components", "components", looks=[look], headers=SIGNED_IN) == []


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_a_form_with_faults(browser: Browser, shown: str, look):
    async def send(page: Page) -> None:
        await page.get_by_role("button", name="Send").click()
        await page.get_by_role("heading", name="There is a problem").wait_for()

    found = await examine(
        browser, f"{shown}/components", "faults", act=send, looks=[look], headers=SIGNED_IN, expected=MEANT
    )
    assert found == []


async def test_the_account_unfolded(browser: Browser, shown: str):
    async def unfold(page: Page) -> None:
        await page.get_by_text("Your account").click()

    assert await examine(browser, f"{shown}/live", "account", act=unfold, headers=SIGNED_IN) == []


async def test_the_warning_before_time_is_up(browser: Browser, shown: str):
    async def wait(page: Page) -> None:
        await page.evaluate("() => document.querySelector('dialog').showModal()")

    found = await examine(browser, f"{shown}/live", "idle", act=wait, looks=SCRIPTED, headers=SIGNED_IN)
    behind = [one for one in found if "keyboard" in one and "is not reached" in one]
    assert [one for one in found if one not in behind] == []
    assert behind, "the page behind the warning must not be reached"


@pytest.mark.parametrize("name", ["en", "ur", "nobody"])
async def test_a_public_page(browser: Browser, shown: str, name: str):
    assert await examine(browser, f"{shown}/public/{name}", f"public-{name}") == []


@pytest.mark.parametrize("status", [403, 404, 409, 422, 429, 500, 503])
async def test_a_refusal(browser: Browser, shown: str, status: int):
    url = f"{shown}/refused/{status}"
    assert await examine(browser, url, f"refused-{status}", headers=SIGNED_IN, expected=MEANT) == []


CONCERNS = [
    concern(1),
    concern(2, raised("today"), site="coventry-warwickshire"),
    concern(3, raised("history"), taken(NOW, NOW)),
    concern(4, raised("today").model_copy(update={"device": UUID("8f62d000-0000-4000-8000-00000000f00e")})),
]


@pytest.mark.parametrize(("name", "concerns"), [("concerns", CONCERNS), ("no-concerns", [])])
async def test_the_leads_list(browser: Browser, name: str, concerns: list[Any]):
    async with served(safeguarding(concerns)) as base:
        assert await examine(browser, f"{base}/concerns", name, headers=lead()) == []


@pytest.mark.parametrize("number", [0, 2, 3])
async def test_one_concern(browser: Browser, number: int):
    async with served(safeguarding(CONCERNS)) as base:
        url = f"{base}/concerns/{CONCERNS[number]['id']}"
        assert await examine(browser, url, f"concern-{number}", headers=lead()) == []


async def test_one_concern_with_a_fault(browser: Browser):
    async def send(page: Page) -> None:
        await page.get_by_label("By when").fill("")
        await page.evaluate("() => document.querySelector('main form').noValidate = true")
        await page.get_by_role("button", name="I have it").click()
        await page.get_by_role("heading", name="There is a problem").wait_for()

    async with served(safeguarding(CONCERNS)) as base:
        url = f"{base}/concerns/{CONCERNS[0]['id']}"
        found = await examine(browser, url, "concern-fault", act=send, looks=SCRIPTED, headers=lead(), expected=MEANT)
    assert found == []


NUMBERS = (Number(name="Newham office", number="01632 960 103"),)
CARDS = {
    "here": Opened("here", card_from(WHOLE), NUMBERS),
    "unsafe": Opened("here", card_from(WHOLE | {"safe_to_contact": "no", "given": "Xanthippe" * 8}), NUMBERS),
    "no-number": Opened("here", card_from({"given": "Made-up"}), NUMBERS),
    "missing": Opened("missing", Card(), NUMBERS),
    "nobody": Opened("nobody", Card(), ()),
}


@pytest.mark.parametrize("name", CARDS)
async def test_a_card(browser: Browser, name: str):  # S21
    async with served(safeguarding(CONCERNS, CARDS[name])) as base:
        assert await examine(browser, f"{base}/concerns/{CONCERNS[0]['id']}/card", f"card-{name}") == []


GLASS = Glass(UUID(int=7), "immediate-safety", NOW, NOW + timedelta(minutes=30))


@pytest.mark.parametrize(("name", "glass"), [("before", None), ("during", GLASS)])
async def test_reaching_beyond_ones_records(browser: Browser, name: str, glass: Glass | None):
    async with served(beyond(glass)) as base:
        assert await examine(browser, f"{base}/break-glass", f"break-glass-{name}") == []


async def test_reaching_beyond_ones_records_without_a_reason(browser: Browser):
    async def send(page: Page) -> None:
        await page.get_by_role("button", name="Open records beyond my own").click()
        await page.get_by_role("heading", name="There is a problem").wait_for()

    async with served(beyond(None)) as base:
        url = f"{base}/break-glass"
        assert await examine(browser, url, "break-glass-fault", act=send, looks=SCRIPTED, expected=MEANT) == []


@pytest.mark.parametrize("people", [260, 7])
async def test_the_figures(browser: Browser, people: int):
    async with served(outcomes(people)) as base:
        assert await examine(browser, f"{base}/figures", f"figures-{people}", headers=evaluator()) == []
