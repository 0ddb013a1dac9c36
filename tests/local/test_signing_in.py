"""Tokens are asked for once and kept until shortly before they end; nothing secret shows on the way."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.simulate.signing_in import BACK, AuthorizationServer, NotSignedIn, Proof, server_at
from deploy.simulate.stack import Stack, stack_of
from deploy.simulate.testing import MadeTokens
from deploy.simulate.tokens import EARLY_S, SignedIn, Tokens
from shared.access.service_keys import make_key

ISSUER = "http://issuer.test/realms/beside"
LIFE_S = 300.0


class HandClock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Server:
    """An issuer's token endpoint that numbers what it gives out."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.answer: tuple[int, dict[str, Any]] | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.path.endswith("openid-configuration"):
            doors = {"authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token"}
            return httpx.Response(200, json={"issuer": ISSUER, **doors})
        self.asked.append(parse_qs(request.content.decode()))
        await asyncio.sleep(0)
        status, said = self.answer or (200, {"access_token": f"t{len(self.asked)}", "expires_in": LIFE_S})
        return httpx.Response(status, json=said)


@pytest.fixture
def server() -> Server:
    """A token endpoint of one's own."""
    return Server()


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack with one trust."""
    make_key(tmp_path, "trust-rxx")
    clients = {"trust-rxx": {"key_file": str(tmp_path / "trust-rxx.pem"), "scopes": ["referral:write"]}}
    return Stack(services={}, kafka="", mail="", issuer=ISSUER, clients=clients, users={"sam": {"password": "p"}})


@pytest.fixture
def tokens(stack: Stack, server: Server) -> Callable[[Callable[[], float]], SignedIn]:
    """Makes a source of tokens over that endpoint with a clock."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(server))
    return lambda clock: SignedIn(stack, http, clock)


def read_key(stack: Stack) -> ECKey:
    """The trust's key."""
    return ECKey.import_key(Path(stack.clients["trust-rxx"]["key_file"]).read_text())


async def test_a_token_is_asked_for_once_and_anew_before_it_ends(tokens: Any, server: Server) -> None:
    clock = HandClock()
    source: Tokens = tokens(clock)

    first = await source.system_token("trust-rxx")
    clock.now += LIFE_S - EARLY_S - 1
    assert await source.system_token("trust-rxx") == first
    clock.now += 1
    assert await source.system_token("trust-rxx") != first
    assert len(server.asked) == 2


async def test_many_who_need_the_same_token_at_once_ask_once(tokens: Any, server: Server) -> None:
    source: Tokens = tokens(HandClock())

    got = await asyncio.gather(*(source.system_token("trust-rxx") for _ in range(20)))

    assert (len(set(got)), len(server.asked)) == (1, 1)


async def test_a_system_signs_what_it_asks_for_this_issuer_and_never_the_same_twice(
    tokens: Any, server: Server, stack: Stack
) -> None:
    clock = HandClock()
    source: Tokens = tokens(clock)
    await source.system_token("trust-rxx")
    clock.now += LIFE_S
    await source.system_token("trust-rxx")

    key = read_key(stack)
    signed = [jwt.decode(asked["client_assertion"][0], key, algorithms=["ES256"]) for asked in server.asked]
    claims = [one.claims for one in signed]
    assert {(one["iss"], one["sub"], one["aud"]) for one in claims} == {("trust-rxx", "trust-rxx", ISSUER)}
    assert all(one["exp"] - one["iat"] <= 60 for one in claims)
    assert len({one["jti"] for one in claims}) == 2
    assert server.asked[0]["scope"] == ["referral:write"]


async def test_a_refusal_says_the_issuers_words_and_nothing_that_was_sent(tokens: Any, server: Server) -> None:
    server.answer = (401, {"error": "invalid_client", "error_description": "no such key"})

    with pytest.raises(NotSignedIn) as refused:
        await tokens(HandClock()).system_token("trust-rxx")

    assert str(refused.value) == "401: invalid_client: no such key"


async def test_an_issuer_that_says_it_is_another_is_not_asked() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(Server()))

    with pytest.raises(NotSignedIn, match="says it is"):
        await server_at("http://issuer.test/realms/other", http)


async def test_nobody_unknown_is_asked_about(tokens: Any, server: Server) -> None:
    with pytest.raises(KeyError):
        await tokens(HandClock()).staff_token("nobody")
    assert server.asked == []


def test_the_proof_shows_the_standards_example() -> None:
    example = Proof("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")  # RFC 7636, appendix B

    assert example.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert Proof.fresh() != Proof.fresh()


def test_what_is_secret_is_not_in_a_repr(stack: Stack, tmp_path: Path) -> None:
    server = AuthorizationServer(ISSUER, f"{ISSUER}/auth", f"{ISSUER}/token", httpx.AsyncClient())

    shown = repr((stack, Proof("verifier-verifier"), server))

    assert "password" not in shown
    assert "verifier-verifier" not in shown
    assert str(tmp_path) not in shown


def test_of_a_stack_json_what_a_caller_needs_is_read() -> None:
    said: dict[str, Any] = {
        "services": {"triage": "u"},
        "kafka": "k",
        "mail": "m",
        "issuer": ISSUER,
        "clients": {},
        "users": {},
    }

    assert stack_of(json.loads(json.dumps({**said, "pids": {}, "mongo": ""}))) == Stack(**said)


async def test_the_tests_tokens_are_a_source_like_any_other() -> None:
    source: Tokens = MadeTokens()

    assert (await source.staff_token("pm-newham")).count(".") == 2
    assert (await source.system_token("trust-rxx")).count(".") == 2
    assert BACK.startswith("http://127.0.0.1:")
