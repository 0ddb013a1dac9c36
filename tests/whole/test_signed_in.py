"""A whole stack with its own Keycloak: tokens open what the table says, people sign in, the issuer may go away."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.local.testing import LocalStack
from deploy.simulate.cast import PROJECT_MANAGERS
from deploy.simulate.referrals import plan
from deploy.simulate.signing_in import browse
from deploy.simulate.stack import Stack, stack_of
from deploy.simulate.tokens import SignedIn
from shared.runtime.clock import SystemClock, new_id

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def described(whole: LocalStack) -> Stack:
    """What a caller needs of it."""
    return stack_of(whole.described)


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A patient client."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(described: Stack, http: httpx.AsyncClient) -> SignedIn:
    """Tokens of everybody."""
    return SignedIn(described, http)


def proved(token: str, **more: str) -> dict[str, str]:
    """The headers of whoever has this token."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id()), **more}


async def refer(described: Stack, http: httpx.AsyncClient, token: str) -> httpx.Response:
    """A referral, sent with a token."""
    today = SystemClock().now().date()
    body = next(plan(1, today)).body(today)
    return await http.post(f"{described.services['referral']}/api/referrals", json=body, headers=proved(token))


async def test_a_trusts_system_refers_and_sees_its_own_alone(
    described: Stack, http: httpx.AsyncClient, tokens: SignedIn
) -> None:
    sent = await refer(described, http, await tokens.system_token("trust-rxx"))
    url = f"{described.services['referral']}{sent.headers['Location']}"
    seen = {
        client: (await http.get(url, headers=proved(await tokens.system_token(client)))).status_code
        for client in described.clients
    }

    assert sent.status_code == 201
    assert seen == {"trust-rxx": 200, "trust-zzx": 404}


async def test_staff_reach_what_the_table_gives_them(
    described: Stack, http: httpx.AsyncClient, tokens: SignedIn
) -> None:
    url = f"{described.services['triage']}/api/cases"
    answers = {
        name: (await http.get(url, headers=proved(await tokens.staff_token(name)))).status_code
        for name in ("triage-worker", "pm-other", "volunteer-amara", "auditor")
    }
    manager = PROJECT_MANAGERS["newham"]
    role = {"Beside-Role": str(manager.role)}

    assert answers == {"triage-worker": 200, "pm-other": 200, "volunteer-amara": 403, "auditor": 403}
    assert (await http.get(url, headers=proved(await tokens.staff_token(manager.name), **role))).status_code == 200
    assert (await http.get(url)).status_code == 401


async def sign_in(described: Stack, service: str, user: str, to: str) -> tuple[httpx.Response, httpx.Response]:
    """What comes of signing in at a service's pages, and of looking at one afterwards."""
    url = described.services[service]
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        left = await browser.get(f"{url}/sign-in", params={"to": to})
        back = await browse(left.headers["Location"], user, described.users[user]["password"])
        entered = await browser.get(str(back), headers=cookies_of(left))
        return entered, await browser.get(f"{url}{to}", headers=cookies_of(entered) | {"Accept": "text/html"})


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """The cookies it set, as a browser sends them back: Secure ones too, since this is its own machine."""
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in answer.cookies.jar)}


@pytest.mark.parametrize(
    ("service", "user", "page"), [("outcomes", "commissioner", "/figures"), ("safeguarding", "manager", "/concerns")]
)
async def test_people_sign_in_at_a_services_pages(described: Stack, service: str, user: str, page: str) -> None:
    entered, seen = await sign_in(described, service, user, page)

    assert (entered.status_code, entered.headers["Location"]) == (303, page)
    assert seen.status_code == 200


async def test_while_the_issuer_is_away_those_who_are_in_stay_in_and_nobody_new_comes_in(
    whole: LocalStack, described: Stack, http: httpx.AsyncClient, tokens: SignedIn
) -> None:
    token = await tokens.system_token("trust-rxx")
    assert (await refer(described, http, token)).status_code == 201
    outcomes = described.services["outcomes"]
    entered, _ = await sign_in(described, "outcomes", "commissioner", "/figures")

    whole.stop("keycloak")
    try:

        async def page(headers: dict[str, str]) -> Any:
            async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
                return await browser.get(f"{outcomes}/figures", headers=headers | {"Accept": "text/html"})

        assert (await refer(described, http, token)).status_code == 201
        assert (await page(cookies_of(entered))).status_code == 200
        assert [
            name for name, url in described.services.items() if (await http.get(f"{url}/health/ready")).is_error
        ] == []
        with pytest.raises(httpx.TransportError):
            await SignedIn(described, http).system_token("trust-rxx")
    finally:
        whole.start("keycloak")

    fresh = await SignedIn(described, http).system_token("trust-rxx")
    assert (await refer(described, http, fresh)).status_code == 201
