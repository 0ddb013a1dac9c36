"""The real issuer gives tokens that the services believe, and gives them for nothing less than the whole proof."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from joserfc.jws import extract_compact

from deploy.keycloak.identities import shipped_people
from deploy.keycloak.people import Person, Trust
from deploy.keycloak.realm import CLI, web_client
from deploy.local.places import SERVICES
from deploy.local.services import client_key
from deploy.local.testing import LocalKeycloak
from deploy.simulate.signing_in import AuthorizationServer, NotSignedIn, Proof, issued, server_at
from deploy.simulate.stack import stack_of
from deploy.simulate.tokens import SignedIn
from shared.access import jwks
from shared.access.caller import Caller
from shared.access.claims import caller_of
from shared.access.jwks import FetchedKeys
from shared.access.settings import ClaimNames, IssuerSettings
from shared.access.tokens import TokenCheck
from shared.runtime.clock import SystemClock
from shared.runtime.problems import Refused
from tests.local.keycloak_admin import administrator_of

PEOPLE = shipped_people()
LONGEST_S = 300
PATIENCE_S = 30.0
SOMEBODY = "pm-halton"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown here is not how fast a busy machine answers."""
    monkeypatch.setattr(jwks, "ANSWER_WITHIN_S", PATIENCE_S)


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that remembers no sign-in: nothing here keeps cookies."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="module")
async def server(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> AuthorizationServer:
    """The issuer's doors."""
    return await server_at(keycloak.issuer.url, http)


@pytest.fixture(scope="module")
def tokens(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> SignedIn:
    """Tokens of everybody."""
    return SignedIn(stack_of(keycloak.described), http)


@pytest.fixture
def check(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> TokenCheck:
    """The services' own check, fresh as at their start."""
    return fresh_check(keycloak, http)


def fresh_check(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> TokenCheck:
    """A check that has not asked for keys yet."""
    keys = FetchedKeys(keycloak.issuer.jwks_url, http)
    return TokenCheck(IssuerSettings(issuer=keycloak.issuer.url), keys, SystemClock())


@pytest.fixture
def sign_in(server: AuthorizationServer, keycloak: LocalKeycloak) -> Callable[..., Any]:
    """`await sign_in(user, proof, ...)` gives a code."""

    async def code(proof: Proof, user: str = SOMEBODY, **more: str) -> str:
        return await server.code(user, keycloak.described["users"][user]["password"], proof, **more)

    return code


@pytest.mark.parametrize("person", PEOPLE.people, ids=lambda one: one.name)
async def test_each_person_is_believed_to_be_who_she_is(person: Person, tokens: SignedIn, check: TokenCheck) -> None:
    claims = await check(await tokens.staff_token(person.name))

    caller = caller_of(claims, ClaimNames(), via="token")
    assert (caller.kind, caller.id) == ("person", str(person.id))
    assert set(caller.roles) == set(person.roles)
    assert (caller.provider, set(caller.sites)) == (person.provider, set(person.sites))
    assert caller.organisations == person.organisations
    assert caller.proof
    assert claims["exp"] - claims["iat"] <= LONGEST_S
    assert not {"name", "email", "preferred_username", "given_name", "family_name"} & claims.keys()


@pytest.mark.parametrize("trust", PEOPLE.trusts, ids=lambda one: one.client)
async def test_each_trusts_system_is_believed_for_its_own_organisation(
    trust: Trust, tokens: SignedIn, check: TokenCheck
) -> None:
    claims = await check(await tokens.system_token(trust.client))

    assert caller_of(claims, ClaimNames(), via="token") == Caller(
        kind="system",
        id=trust.client,
        role="referrer-system",
        via="token",
        roles=("referrer-system",),
        organisations=(trust.organisation,),
        scopes=frozenset({"referral:write"}),
        proof=claims["jti"],
    )
    assert claims["exp"] - claims["iat"] <= LONGEST_S


async def test_with_two_roles_she_acts_in_either_and_in_no_third(tokens: SignedIn, check: TokenCheck) -> None:
    claims = await check(await tokens.staff_token("pm-newham"))

    for role in ("project-manager", "safeguarding-lead"):
        assert caller_of(claims, ClaimNames(), via="token", role=role).role == role
    with pytest.raises(Refused):
        caller_of(claims, ClaimNames(), via="token", role="safeguarding-manager")


async def test_an_assertion_is_believed_once(server: AuthorizationServer, keycloak: LocalKeycloak) -> None:
    asked = {"grant_type": "client_credentials", **own_assertion(server, keycloak, "trust-rxx")}

    assert issued(await server.ask(asked)).life_s <= LONGEST_S
    again = await server.ask(asked)

    assert again.status_code in (400, 401)
    assert again.json()["error"] == "invalid_client"


async def test_an_assertion_signed_with_another_clients_key_is_refused(
    server: AuthorizationServer, keycloak: LocalKeycloak
) -> None:
    another = client_key(keycloak.folder / "keys", "trust-zzx")
    answer = await server.ask({"grant_type": "client_credentials", **server.assertion("trust-rxx", another)})

    assert answer.json()["error"] == "invalid_client"


async def test_no_client_takes_a_password(server: AuthorizationServer, keycloak: LocalKeycloak) -> None:
    said = {"grant_type": "password", "username": SOMEBODY, "password": password_of(keycloak, SOMEBODY)}
    proofs = [{"client_id": CLI}, {"client_id": "admin-cli"}]
    proofs += [own_assertion(server, keycloak, client) for client in map(web_client, SERVICES)]
    proofs += [own_assertion(server, keycloak, trust.client) for trust in PEOPLE.trusts]
    answers = [await server.ask(said | proof) for proof in proofs]

    assert {answer.status_code for answer in answers} <= {400, 401}
    assert not any("access_token" in answer.json() for answer in answers)


async def test_a_wrong_password_gets_no_code(server: AuthorizationServer) -> None:
    with pytest.raises(NotSignedIn):
        await server.code("auditor", "not-her-password", Proof.fresh())


async def test_a_code_is_worth_nothing_to_another_program(server: AuthorizationServer, sign_in: Any) -> None:
    proof = Proof.fresh()

    answer = await server.exchange(await sign_in(proof), Proof.fresh())

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_worth_one_token(server: AuthorizationServer, sign_in: Any) -> None:
    proof = Proof.fresh()
    code = await sign_in(proof)

    assert issued(await server.exchange(code, proof)).life_s <= LONGEST_S
    again = await server.exchange(code, proof)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_nothing_that_renews_tokens_is_handed_out(server: AuthorizationServer, sign_in: Any) -> None:
    proof = Proof.fresh()

    assert "refresh_token" not in (await server.exchange(await sign_in(proof), proof)).json()


@pytest.mark.parametrize("client", [CLI, *map(web_client, SERVICES)])
async def test_who_asks_without_a_proof_never_sees_a_login_page(
    client: str, server: AuthorizationServer, keycloak: LocalKeycloak
) -> None:
    asked = {"response_type": "code", "client_id": client, "scope": "openid", "redirect_uri": back_of(keycloak, client)}
    answer = await server.http.get(server.authorize, params=asked)

    assert answer.status_code == 302
    assert httpx.URL(answer.headers["Location"]).params["error"] == "invalid_request"


@pytest.mark.parametrize(
    "back", ["http://127.0.0.1:8400/elsewhere", "http://beside.example/back", "http://localhost/back"]
)
async def test_a_code_is_sent_nowhere_else(back: str, server: AuthorizationServer) -> None:
    shown = {"code_challenge": Proof.fresh().challenge, "code_challenge_method": "S256"}
    asked = {"response_type": "code", "client_id": CLI, "scope": "openid", "redirect_uri": back}
    answer = await server.http.get(server.authorize, params=asked | shown)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("service", SERVICES)
async def test_a_services_pages_sign_in_with_their_own_key(
    service: str, server: AuthorizationServer, keycloak: LocalKeycloak, sign_in: Any, check: TokenCheck
) -> None:
    client, proof = web_client(service), Proof.fresh()
    back = back_of(keycloak, client)
    code = await sign_in(proof, client=client, back=back)
    exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": proof.verifier}

    answer = await server.ask(exchange | own_assertion(server, keycloak, client))

    claims = await check(issued(answer).token)
    assert (claims["azp"], claims["sub"]) == (client, keycloak.described["users"][SOMEBODY]["id"])


async def test_an_id_token_is_no_access_token(server: AuthorizationServer, sign_in: Any, check: TokenCheck) -> None:
    proof = Proof.fresh()
    answer = await server.exchange(await sign_in(proof), proof)

    with pytest.raises(Refused) as refused:
        await check(answer.json()["id_token"])
    assert refused.value.code.startswith("access.token_")


async def test_keys_change_and_what_was_signed_before_is_good_until_it_ends(
    keycloak: LocalKeycloak, tokens: SignedIn, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "ASK_AGAIN_AFTER_S", 0.0)
    running, started_later = fresh_check(keycloak, http), fresh_check(keycloak, http)
    before = await tokens.system_token("trust-rxx")
    await running(before)

    await (await administrator_of(keycloak, http)).add_signing_key()
    after = await SignedIn(stack_of(keycloak.described), http).system_token("trust-rxx")

    assert kid(after) != kid(before)
    await running(after)
    await started_later(before)
    await started_later(after)


async def test_its_log_says_nothing_that_opens_anything_and_no_name(
    keycloak: LocalKeycloak, server: AuthorizationServer, sign_in: Any
) -> None:
    proof, wrong = Proof.fresh(), "a-wrong-password-of-somebody"
    code = await sign_in(proof)
    token = issued(await server.exchange(code, proof)).token
    await server.exchange(code, proof)
    with pytest.raises(NotSignedIn):
        await server.code("evaluator", wrong, Proof.fresh())
    assertion = own_assertion(server, keycloak, "trust-zzx")
    for _ in range(2):
        await server.ask({"grant_type": "client_credentials", **assertion})

    log = keycloak.log
    assert "already used" in log, "the log is not the one that is meant"
    secrets = [code, token, wrong, proof.verifier, assertion["client_assertion"], keycloak.administrator[1]]
    secrets += [said["password"] for said in keycloak.described["users"].values()]
    assert [one for one in secrets if one in log] == []
    names = [*(one.family for one in PEOPLE.people), *(one.name for one in PEOPLE.people if "-" in one.name)]
    assert [name for name in names if name in log] == []


def own_assertion(server: AuthorizationServer, keycloak: LocalKeycloak, client: str) -> dict[str, str]:
    """A client's proof with its own key."""
    return server.assertion(client, client_key(keycloak.folder / "keys", client))


def password_of(keycloak: LocalKeycloak, user: str) -> str:
    """Her password in this realm."""
    return str(keycloak.described["users"][user]["password"])


def back_of(keycloak: LocalKeycloak, client: str) -> str:
    """Where a client's codes go."""
    service = client.removeprefix("beside-web-")
    return "http://127.0.0.1:8400/back" if client == CLI else f"{keycloak.where.service(service)}/sign-in/back"


def kid(token: str) -> str:
    """Which key signed it."""
    return str(extract_compact(token.encode()).headers()["kid"])
