"""People sign in through the one door at a real issuer: once for all services, cookies apart, signed out everywhere."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from playwright.async_api import BrowserContext, Page, expect

from deploy.keycloak.identities import Identities
from deploy.keycloak.realm import web_client
from deploy.local import plan, ports
from deploy.local.issuer import issuer_at
from deploy.local.keycloak_server import keycloak_unit
from deploy.local.places import SERVICES
from deploy.local.services import client_key
from deploy.local.testing import own_stack, running
from deploy.local.unit import Unit
from shared.runtime.clock import new_id
from tests.front_door.conftest import caddy, certificates, public_settings
from tests.web.harness import chromium

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(300)]
PERSON = "pm-newham"
FIRST_PAGES = {"triage": "/worklist", "support": "/cases", "referral": "/sent"}


@dataclass(frozen=True)
class Origin:
    """Where browsers come in, and who can sign in there."""

    url: str
    people: Identities


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """A stack behind the door whose issuer knows the door's addresses, and believes its certificate."""
    folder, key = tmp_path_factory.mktemp("signed-door"), str(new_id())
    chosen = ports.choose(("front-door", "national-proxy", "keycloak"), asked={}, before={}, usual={})
    url, proxy = (f"https://localhost:{chosen[name]}" for name in ("front-door", "national-proxy"))
    (folder / "door.key").write_text(key)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.crt")
    people = plan.identities(folder / "stack" / "keys")
    issuer = issuer_at(chosen["keycloak"])
    told = public_settings(url, folder / "door.key")
    told |= {"BESIDE_ISSUER": issuer.url, "BESIDE_ISSUER_JWKS": issuer.jwks_url} | web_clients(
        folder / "stack" / "keys"
    )
    with (
        running(keycloak(folder, chosen["keycloak"], url, people), folder),
        own_stack(folder / "stack", settings=told) as stack,
        running(caddy(folder, stack, url, certificates(folder, authority, trustme.CA()), proxy, key), folder),
    ):
        yield Origin(url, people)


def web_clients(keys: Path) -> dict[str, str]:
    """As whom each service's pages ask the issuer."""
    told: dict[str, str] = {}
    for name in SERVICES:
        told[f"{name.upper()}_WEB_CLIENT"] = web_client(name)
        told[f"{name.upper()}_WEB_CLIENT_KEY"] = str(client_key(keys, web_client(name)))
    return told


def keycloak(folder: Path, port: int, origin: str, people: Identities) -> Unit:
    """The issuer, told of the door as compose tells it."""
    urls = {name: f"{origin}/{name}" for name in SERVICES}
    unit = keycloak_unit(
        port=port, folder=folder / "keycloak", keys=folder / "stack" / "keys", identities=people, urls=urls
    )
    trusting = {"KC_TRUSTSTORE_PATHS": str(folder / "authority.crt")}
    return replace(unit, environment={**unit.environment, **trusting})


@pytest.fixture
async def context(origin: Origin) -> AsyncIterator[BrowserContext]:
    """A browser that takes the door's certificate."""
    async with chromium() as browser:
        yield await browser.new_context(ignore_https_errors=True)


async def signed_in(context: BrowserContext, origin: Origin, service: str = "triage") -> Page:
    """She opens a page, is asked who she is, and is where she wanted to be."""
    page = await context.new_page()
    await page.goto(f"{origin.url}/{service}{FIRST_PAGES[service]}")
    await page.fill("#username", PERSON)
    await page.fill("#password", str(origin.people.users()[PERSON]["password"]))
    await page.click("[type=submit]")
    await expect(page).to_have_url(f"{origin.url}/{service}{FIRST_PAGES[service]}")
    return page


async def test_one_sign_in_opens_every_service_and_their_cookies_stay_apart(
    origin: Origin, context: BrowserContext
) -> None:
    page = await signed_in(context, origin)
    for service, path in FIRST_PAGES.items():
        answer = await page.goto(f"{origin.url}/{service}{path}")
        assert answer is not None
        assert (answer.status, page.url) == (200, f"{origin.url}/{service}{path}")

    ours = [one for one in await context.cookies() if one["domain"] == "localhost"]
    assert {one["path"].strip("/") for one in ours} == set(FIRST_PAGES)
    assert all(one["secure"] and one["httpOnly"] for one in ours)


async def test_signing_out_in_one_service_signs_out_of_all(origin: Origin, context: BrowserContext) -> None:
    page = await signed_in(context, origin)
    await page.goto(f"{origin.url}/support{FIRST_PAGES['support']}")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{origin.url}/support/signed-out")

    async with asyncio.timeout(20):
        while not await _asks_who_she_is(page, f"{origin.url}/triage{FIRST_PAGES['triage']}"):
            await asyncio.sleep(0.1)


async def _asks_who_she_is(page: Page, url: str) -> bool:
    await page.goto(url)
    return urlsplit(page.url).path.startswith("/realms/")
