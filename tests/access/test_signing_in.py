"""People sign in with a real Keycloak at real services, and everything that tries to come in another way does not."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt

from deploy.local.testing import LocalKeycloak
from shared.access.session.authenticator import SessionCookie
from tests.access.attacks import OTHERS_KEY
from tests.access.browser import Browser, forms_in
from tests.access.doors import built, serving

# A request to the database that is cut off when a service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SESSION = "beside-outcomes"
JSON = {"Accept": "application/json"}


class World:
    """Where the services are, and who can sign in."""

    def __init__(self, urls: dict[str, str], keycloak: LocalKeycloak, apps: dict[str, Any]) -> None:
        self.outcomes, self.safeguarding = urls["outcomes"], urls["safeguarding"]
        self.keycloak, self.apps = keycloak, apps

    async def signed_in(self, browser: Browser, user: str, url: str) -> httpx.Response:
        """Open a page as somebody who has to sign in first."""
        page = await browser.go(url)
        assert "/realms/beside/" in str(page.url), page.text
        return await browser.sign_in(page, user, self.keycloak.described["users"][user]["password"])


@pytest.fixture(scope="module")
async def world(keycloak: LocalKeycloak, mongo: str, mongo_client: Any) -> AsyncIterator[World]:
    """Outcomes and safeguarding, as browsers reach them."""
    names = ("outcomes", "safeguarding")
    apps = {name: built(name, keycloak, mongo, f"sign_in_{name}") for name in names}
    async with AsyncExitStack() as stack:
        urls = {n: await stack.enter_async_context(serving(apps[n], keycloak.where.ports[n])) for n in names}
        yield World(urls, keycloak, apps)
    for name in names:
        for kept in ("", "_keys", "_audit"):
            await mongo_client.drop_database(f"sign_in_{name}{kept}")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser nobody has used."""
    async with Browser() as fresh:
        yield fresh


def session_of(browser: Browser) -> str | None:
    return browser.http.cookies.get(SESSION)


def csrf_in(page: httpx.Response) -> str:
    return next(form.fields["csrf"] for form in forms_in(page.text) if "csrf" in form.fields)


async def test_she_signs_in_and_lands_on_the_page_she_asked_for(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures?site=newham")
    assert (page.status_code, str(page.url)) == (200, f"{world.outcomes}/figures?site=newham")
    assert "Commissioner" in page.text
    assert all("no-store" in one.headers["cache-control"] for one in browser.seen if "outcomes" in str(one.url))
    cookies = [cookie for one in browser.seen for cookie in one.headers.get_list("set-cookie")]
    (put,) = [cookie for cookie in cookies if cookie.startswith(f"{SESSION}=")]
    assert "HttpOnly" in put
    assert "SameSite=lax" in put
    assert "max-age" not in put.lower(), "it ends with the browser"
    log = world.keycloak.log
    assert (session_of(browser) or "-") not in log


async def test_a_role_without_the_page_is_told_so_and_keeps_signed_in(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "volunteer-amara", f"{world.outcomes}/figures")
    assert page.status_code == 403
    assert "You cannot open this page" in page.text


async def test_two_roles_are_switched_without_signing_in_again(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "pm-newham", f"{world.outcomes}/figures")
    assert "Local project manager, Newham" in page.text
    before = session_of(browser)
    answer = await browser.send(f"{world.outcomes}/session/role", {"csrf": csrf_in(page), "role": "safeguarding-lead"})
    assert answer.status_code == 403, "a lead has no figures"
    assert "Safeguarding lead" in answer.text
    assert session_of(browser) != before
    async with httpx.AsyncClient(trust_env=False, cookies={SESSION: before or ""}) as thief:
        assert (await thief.get(f"{world.outcomes}/api/funnel", headers=JSON)).status_code == 401
    again = await browser.send(f"{world.outcomes}/session/role", {"csrf": csrf_in(answer), "role": "auditor"})
    assert again.status_code == 403


async def test_a_session_that_somebody_planted_is_nobodys(world: World, browser: Browser) -> None:
    browser.http.cookies.set(SESSION, "planted-before-she-came", domain="127.0.0.1")
    await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures")
    mine = [cookie.value for cookie in browser.http.cookies.jar if cookie.name == SESSION]
    assert "planted-before-she-came" not in mine or len(mine) > 1
    async with Browser() as thief:
        thief.http.cookies.set(SESSION, "planted-before-she-came", domain="127.0.0.1")
        page = await thief.go(f"{world.outcomes}/figures")
        assert "/realms/beside/" in str(page.url)


@pytest.mark.parametrize("to", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
async def test_after_signing_in_nobody_is_sent_elsewhere(world: World, browser: Browser, to: str) -> None:
    page = await browser.http.get(f"{world.outcomes}/sign-in", params={"to": to}, follow_redirects=True)
    password = world.keycloak.described["users"]["commissioner"]["password"]
    for cookie in browser.http.cookies.jar:
        cookie.secure = False
    landed = await browser.sign_in(page, "commissioner", password)
    assert str(landed.url) == f"{world.outcomes}/figures", "the first page leads to the figures"


async def test_a_code_comes_back_once_and_to_the_browser_that_left(world: World, browser: Browser) -> None:
    await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures")
    back = next(str(one.url) for one in browser.seen if "/sign-in/back" in str(one.url))
    again = await browser.go(back)
    assert again.status_code == 400
    async with Browser() as other:
        page = await other.go(f"{world.outcomes}/sign-in")
        (form,) = [one for one in forms_in(page.text) if "password" in one.fields or "username" in one.fields]
        password = world.keycloak.described["users"]["commissioner"]["password"]
        for cookie in other.http.cookies.jar:
            cookie.secure = False
        sent = await other.http.post(form.action, data=form.fields | {"username": "commissioner", "password": password})
        stolen = await browser.go(sent.headers["location"])
        assert stolen.status_code == 400, "the code of another browser's sign-in"


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=y", "?error=access_denied&state=x", "?code=x&state=%00"]
)
async def test_a_return_that_was_never_begun_signs_nobody_in(world: World, browser: Browser, query: str) -> None:
    page = await browser.go(f"{world.outcomes}/sign-in/back{query}")
    assert page.status_code == 400
    assert session_of(browser) is None


async def test_a_change_needs_the_word_that_only_her_pages_have(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "pm-newham", f"{world.outcomes}/figures")
    url, role, csrf = f"{world.outcomes}/session/role", {"role": "safeguarding-lead"}, csrf_in(page)
    for fields, headers in (
        (role, {}),
        (role | {"csrf": ""}, {}),
        (role | {"csrf": "x" * 43}, {}),
        (role | {"csrf": csrf}, {"Sec-Fetch-Site": "cross-site"}),
        (role | {"csrf": csrf}, {"Sec-Fetch-Site": "same-site"}),
    ):
        refused = await browser.http.post(url, data=fields, headers=headers)
        assert refused.status_code == 403, (fields, headers)
    end = await browser.http.post(f"{world.outcomes}/session/end", data={})
    assert end.headers["location"].endswith("/signed-out")
    assert (await browser.go(f"{world.outcomes}/figures")).status_code == 200, "a forged form signs nobody out"


async def test_signing_out_ends_it_here_and_at_the_issuer(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures")
    secret = session_of(browser)
    out = await browser.send(f"{world.outcomes}/session/end", {"csrf": csrf_in(page)})
    assert str(out.url).startswith(f"{world.outcomes}/signed-out")
    assert "You are signed out" in out.text
    again = await browser.go(f"{world.outcomes}/figures")
    assert "/realms/beside/" in str(again.url), "the issuer asks for her password again"
    async with Browser() as thief:
        thief.http.cookies.set(SESSION, secret or "", domain="127.0.0.1")
        assert "/realms/beside/" in str((await thief.go(f"{world.outcomes}/figures")).url)


async def test_signing_out_at_one_service_ends_the_other_ones_session(world: World, browser: Browser) -> None:
    await world.signed_in(browser, "manager", f"{world.outcomes}/figures")
    listed = await browser.go(f"{world.safeguarding}/concerns")
    assert listed.status_code == 200, "signed in once for both"
    secret = browser.http.cookies.get("beside-safeguarding")
    figures = await browser.go(f"{world.outcomes}/figures")
    await browser.send(f"{world.outcomes}/session/end", {"csrf": csrf_in(figures)})
    kept = {"beside-safeguarding": secret or ""}
    async with httpx.AsyncClient(trust_env=False, cookies=kept) as left:
        answer = await left.get(f"{world.safeguarding}/api/concerns")
    assert (answer.status_code, answer.json()["code"]) == (401, "access.session_over")


async def test_everywhere_ends_every_device(world: World, browser: Browser) -> None:
    page = await world.signed_in(browser, "evaluator", f"{world.outcomes}/figures")
    async with Browser() as phone:
        await world.signed_in(phone, "evaluator", f"{world.outcomes}/figures")
        await browser.send(f"{world.outcomes}/session/end-everywhere", {"csrf": csrf_in(page)})
        answer = await phone.http.get(f"{world.outcomes}/api/funnel", headers=JSON)
        assert answer.status_code == 401


async def test_a_session_nobody_uses_leads_to_signing_in_and_tells_programs_so(world: World, browser: Browser) -> None:
    await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures")
    sessions = world.apps["outcomes"].state.guard._authenticators[1]._sessions
    long_ago = sessions._clock.now() - timedelta(hours=2)
    await sessions._kept.update_many({}, {"$set": {"seen_at": long_ago}})
    program = await browser.http.get(f"{world.outcomes}/api/funnel", headers=JSON)
    assert (program.status_code, program.json()["code"]) == (401, "access.session_over")
    page = await browser.go(f"{world.outcomes}/figures")
    assert page.status_code == 200, "the issuer still knows her"


def _claims(world: World, **more: Any) -> dict[str, Any]:
    now = int(world.apps["outcomes"].state.guard._clock.now().timestamp())
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    usual = {"iss": world.keycloak.issuer.url, "aud": "beside-web-outcomes", "iat": now, "exp": now + 60}
    return usual | {"jti": "j", "sub": "x", "sid": "y", "events": event} | more


@pytest.mark.parametrize(
    "forged",
    [
        lambda world: "",
        lambda world: "x.y.z",
        lambda world: jwt.encode({"alg": "ES256", "kid": "x"}, _claims(world), OTHERS_KEY),
    ],
    ids=["nothing", "rubbish", "a stranger's"],
)
async def test_nobody_but_the_issuer_signs_others_out(
    world: World, browser: Browser, forged: Callable[[World], str]
) -> None:
    answer = await browser.http.post(
        f"{world.outcomes}/sign-out/by-issuer", data={"logout_token": forged(world)}, headers=JSON
    )
    assert answer.status_code == 400


async def test_a_record_that_asks_for_it_sends_her_to_prove_herself_again(world: World, browser: Browser) -> None:
    await world.signed_in(browser, "manager", f"{world.safeguarding}/concerns")
    ways = world.apps["safeguarding"].state.guard._authenticators
    [sessions] = [one._sessions for one in ways if isinstance(one, SessionCookie)]
    earlier = sessions._clock.now() - timedelta(minutes=6)
    await sessions._kept.update_many({}, {"$set": {"proved_at": earlier}})
    words = f"{world.safeguarding}/api/concerns/00000000-0000-4000-8000-000000000001/words"
    program = await browser.http.get(words, headers=JSON)
    assert (program.status_code, program.json()["code"]) == (401, "access.prove_again")
    page = await browser.go(words)
    assert "/realms/beside/" in str(page.url), "she is asked for her password although the issuer knows her"
    password = world.keycloak.described["users"]["manager"]["password"]
    shown = await browser.sign_in(page, "manager", password)
    assert (shown.status_code, str(shown.url)) == (404, words), "and comes back to what she asked for"


async def test_whoever_is_signed_in_stays_so_while_the_issuer_is_away(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    await world.signed_in(browser, "commissioner", f"{world.outcomes}/figures")
    issuer = world.keycloak.child
    assert issuer.running is not None
    process = issuer.running.process()
    assert process is not None
    process.suspend()
    try:
        assert (await browser.go(f"{world.outcomes}/figures")).status_code == 200
    finally:
        process.resume()
