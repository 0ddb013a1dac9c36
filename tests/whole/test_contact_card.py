"""From a page to her number with the identity provider stopped, alone and with Kafka, with referral too (S21)."""

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from deploy.local.testing import LocalStack, wait_until
from deploy.simulate.referrals import plan
from deploy.simulate.stack import stack_of
from deploy.simulate.tokens import SignedIn
from shared.runtime.clock import SystemClock, new_id

pytestmark = pytest.mark.real
CODE = {"coventry-warwickshire": "246810"}
MOST_TAPS, MOST_SECONDS = 3, 30
LINK = re.compile(r"http\S+/concerns/[0-9a-f-]{36}")
FIELD = re.compile(r'<(?:input|select)[^>]*name="(key|next_at)"[^>]*>')


@pytest.fixture(scope="module")
async def token(whole: LocalStack) -> str:
    """Of a trust's system, from the issuer while that is there; believed by referral once it has the issuer's keys."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        made = await SignedIn(stack_of(whole.described), http).system_token("trust-rxx")

    def believed() -> bool:
        url = f"{whole.urls['referral']}/api/referrals/{new_id()}"
        return httpx.get(url, headers={"Authorization": f"Bearer {made}"}, trust_env=False).status_code != 401

    await asyncio.to_thread(wait_until, believed, within_s=30, what="the token is believed")
    return made


async def refer(stack: LocalStack, token: str) -> str:
    """A referral with a *Now* code; the telephone number of whom it is about."""
    today = SystemClock().now().date()
    at_risk = list(plan(7, today))[-1]
    said = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        url = f"{stack.urls['referral']}/api/referrals"
        (await http.post(url, json=at_risk.body(today), headers=said)).raise_for_status()
    return at_risk.person.phone


def paged(stack: LocalStack, before: int) -> str:
    """The link in the page about it."""
    mails = wait_until(lambda: stack.mails()[before:], within_s=10, what="a page")
    found = LINK.search(str(mails[0]))
    assert found
    return found[0]


def fields(page: str) -> dict[str, str]:
    """What the form of a page without script sends along, as it was filled in beforehand."""
    tags = {match[1]: match[0] for match in FIELD.finditer(page)}
    values = {name: re.search(r'value="([^"]*)"', tag) for name, tag in tags.items()}
    return {name: value[1] for name, value in values.items() if value}


async def reach_her(link: str) -> tuple[str, int, float]:
    """The telephone link that a lead ends at, with so many taps and seconds from the page's link."""
    began, taps = time.monotonic(), 0
    async with httpx.AsyncClient(trust_env=False, timeout=MOST_SECONDS, follow_redirects=True) as phone:
        page = await phone.get(link)
        taps += 1  # the link in the page
        form = {"code": CODE["coventry-warwickshire"], "next_step": "ring-her", **fields(page.text)}
        card = await phone.post(f"{link}/acknowledge", data=form)
        taps += 1  # "I have it"
        assert card.status_code == 200, card.text
    dialling = re.search(r'id="her-number".*?<a href="tel:(\d+)"', card.text, re.DOTALL)
    assert dialling, card.text
    taps += 1  # the number
    return dialling[1], taps, time.monotonic() - began


async def test_a_card_that_no_worry_brought_along_is_fetched_from_referral(whole: LocalStack, token: str) -> None:
    today = SystemClock().now().date()
    planned = next(plan(7, today))
    said = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}
    at = (SystemClock().now() + timedelta(hours=1)).isoformat()
    asked = {"code": CODE[planned.site], "next_step": "ring-her", "next_at": at}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        sent = await http.post(f"{whole.urls['referral']}/api/referrals", json=planned.body(today), headers=said)
        worry = {"signal_id": str(new_id()), "case": sent.json()["id"], "in_danger": "yes", "about": "adult"}
        staff = await SignedIn(stack_of(whole.described), http).staff_token("triage-worker")
        concerns = f"{whole.urls['safeguarding']}/api/concerns"
        raised = await http.post(concerns, json=worry, headers=said | {"Authorization": f"Bearer {staff}"})
        url = f"{concerns}/{raised.json()['receipt']}"
        (await http.post(f"{url}/acknowledge", json=asked, headers=said)).raise_for_status()

        def card() -> dict[str, Any] | None:
            answer = httpx.post(f"{url}/card", json={"code": asked["code"]}, trust_env=False)
            opened: dict[str, Any] = answer.raise_for_status().json()
            return opened if opened["standing"] == "here" else None

        opened = await asyncio.to_thread(wait_until, card, within_s=MOST_SECONDS, what="the card")

    assert opened["card"]["phone"] == planned.person.phone


@pytest.fixture(scope="module")
def without_the_issuer(whole: LocalStack, token: str) -> Iterator[None]:
    """The identity provider is away, for all that follows: without it, any other part's absence is the harder one."""
    whole.stop("keycloak")
    yield
    whole.start("keycloak")


@pytest.mark.usefixtures("without_the_issuer")
@pytest.mark.parametrize("away", [[], ["kafka"], ["kafka", "referral"]], ids=lambda one: "-".join(["keycloak", *one]))
async def test_she_is_reached_in_three_taps_whatever_is_stopped_after_the_signal(
    whole: LocalStack, token: str, away: list[str]
) -> None:
    before = len(whole.mails())
    number = await refer(whole, token)
    link = await asyncio.to_thread(paged, whole, before)
    for one in away:
        await asyncio.to_thread(whole.stop, one)
    try:
        dialled, taps, seconds = await reach_her(link)
    finally:
        for one in away:
            await asyncio.to_thread(whole.start, one)

    assert dialled == number.replace(" ", "")
    assert taps <= MOST_TAPS
    assert seconds < MOST_SECONDS
