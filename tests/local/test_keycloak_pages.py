"""The services' own sign-in code at the real issuer: there and back, proving herself anew, signed out everywhere."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from deploy.keycloak.realm import web_client
from deploy.local.services import client_key
from deploy.local.testing import LocalKeycloak
from deploy.simulate.signing_in import browse
from shared.access.claims import caller_of
from shared.access.jwks import FetchedKeys
from shared.access.session.attempts import Attempt
from shared.access.session.back_channel import EVENT
from shared.access.session.issuer import OpenIdIssuer, WebClient
from shared.access.settings import ClaimNames, IssuerSettings
from shared.access.tokens import TokenCheck
from shared.runtime.clock import SystemClock
from shared.runtime.problems import Refused
from tests.local.keycloak_admin import administrator_of

SERVICE, USER = "support", "trainer"
LONGEST_ID_TOKEN_S = 3_600
ATTEMPT = Attempt(state="state-of-hers", nonce="nonce-of-hers", verifier="v" * 64, browser="browser-of-hers", to="/")
Told = asyncio.Queue[tuple[str, str]]
"""Paths that were posted to, each with the logout token."""


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client for the issuer's public doors."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def check(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> TokenCheck:
    """What a service's pages believe of the issuer."""
    settings = IssuerSettings(
        issuer=keycloak.issuer.url, audience=web_client(SERVICE), longest_life_s=LONGEST_ID_TOKEN_S
    )
    return TokenCheck(settings, FetchedKeys(keycloak.issuer.jwks_url, http), SystemClock())


@pytest.fixture(scope="module")
async def pages(keycloak: LocalKeycloak, check: TokenCheck, http: httpx.AsyncClient) -> AsyncIterator[OpenIdIssuer]:
    """The issuer as a service's pages have it."""
    key = client_key(keycloak.folder / "keys", web_client(SERVICE))
    client = WebClient(web_client(SERVICE), key, keycloak.where.service(SERVICE))
    issuer = OpenIdIssuer(keycloak.issuer.url, client, check, http)
    yield issuer
    await issuer.close()


async def signed_in(pages: OpenIdIssuer, keycloak: LocalKeycloak, attempt: Attempt = ATTEMPT) -> tuple[Any, str]:
    """Claims and ID token of somebody who went there and came back."""
    back = await come_back(pages, keycloak, attempt)
    return await pages.identity(attempt, back.params["code"], back.params["iss"])


async def come_back(
    pages: OpenIdIssuer, keycloak: LocalKeycloak, attempt: Attempt = ATTEMPT, *, again: bool = False
) -> httpx.URL:
    """The address with which a browser comes back."""
    address = await pages.leave_for(attempt, again=again)
    return await browse(address, USER, str(keycloak.described["users"][USER]["password"]))


@pytest.mark.parametrize("again", [False, True])
async def test_she_comes_back_as_who_she_is(pages: OpenIdIssuer, keycloak: LocalKeycloak, again: bool) -> None:
    back = await come_back(pages, keycloak, again=again)
    claims, _ = await pages.identity(ATTEMPT, back.params["code"], back.params["iss"])

    assert str(back).startswith(f"{keycloak.where.service(SERVICE)}/sign-in/back?")
    assert back.params["state"] == ATTEMPT.state
    caller = caller_of(claims, ClaimNames(), via="session")
    assert (caller.id, caller.roles) == (keycloak.described["users"][USER]["id"], ("trainer",))
    assert SystemClock().now().timestamp() - claims["auth_time"] < 60


async def test_a_code_of_another_attempt_is_refused(pages: OpenIdIssuer, keycloak: LocalKeycloak) -> None:
    back = await come_back(pages, keycloak)
    other = Attempt(state="other", nonce="other", verifier="w" * 64, browser="other", to="/")

    with pytest.raises(Refused) as refused:
        await pages.identity(other, back.params["code"], back.params["iss"])
    assert refused.value.code == "access.sign_in_code"


async def test_signing_out_leads_back_to_the_service(
    pages: OpenIdIssuer, keycloak: LocalKeycloak, http: httpx.AsyncClient
) -> None:
    _, id_token = await signed_in(pages, keycloak)

    answer = await http.get(await pages.sign_out(id_token))

    assert answer.headers["Location"] == f"{keycloak.where.service(SERVICE)}/signed-out"


async def test_whoever_is_signed_out_at_the_issuer_is_signed_out_at_the_service_in_every_browser(
    pages: OpenIdIssuer, keycloak: LocalKeycloak, check: TokenCheck, http: httpx.AsyncClient
) -> None:
    told: Told = asyncio.Queue()
    async with await asyncio.start_server(partial(_take, told), "127.0.0.1", keycloak.where.ports[SERVICE]):
        sessions = {(await signed_in(pages, keycloak))[0]["sid"] for _ in range(2)}
        await (await administrator_of(keycloak, http)).sign_out(keycloak.described["users"][USER]["id"])
        while sessions:
            path, logout_token = await asyncio.wait_for(told.get(), 20)
            said = await check(logout_token)
            sessions.discard(said["sid"])
            assert path == "/sign-out/by-issuer"
            assert said["sub"] == keycloak.described["users"][USER]["id"]
            assert (EVENT in said["events"], "jti" in said, "nonce" in said) == (True, True, False)


async def _take(told: Told, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
    """Take one POST as a service would."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length"))
    form = parse_qs((await reader.readexactly(length)).decode())
    out.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await out.drain()
    out.close()
    told.put_nowait((head.split()[1], form["logout_token"][0]))
