"""Asks an issuer for tokens the way a trust's system and a person's browser do; nothing is short-cut.

A system signs what it asks (`private_key_jwt`, RFC 7523). A person gets the login page, fills in its form, and her
program exchanges the code for a token with the proof that it is the program that asked (PKCE, RFC 7636).
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.keycloak.realm import ALGORITHM, CLI
from shared.runtime.clock import Clock, SystemClock, new_id

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BACK = "http://127.0.0.1:8400/back"
"""Where the browser would be sent; nothing listens there, the address is all that is read."""
ASSERTION_LIFE_S = 60
LOGIN_FORM = "kc-form-login"
PATIENCE_S = 30.0


class NotSignedIn(Exception):
    """The issuer gave no token; the message says what it said, never what it was told."""


@dataclass(frozen=True)
class Issued:
    """A token and how long it lasts, in seconds."""

    token: str = field(repr=False)
    life_s: float


@dataclass(frozen=True)
class Proof:
    """What shows, when a code is exchanged, that the same program asked for it."""

    verifier: str = field(repr=False)

    @staticmethod
    def fresh() -> "Proof":
        """A new one."""
        return Proof(secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """What is shown of it beforehand (S256)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class AuthorizationServer:
    """An issuer's two doors, as its own description names them."""

    name: str
    authorize: str
    token: str
    http: httpx.AsyncClient = field(repr=False)
    clock: Clock = field(default_factory=SystemClock, repr=False)

    async def system(self, client: str, key_file: str, scopes: Iterable[str]) -> Issued:
        """A token for a machine client. Raises `NotSignedIn`."""
        asked = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        return issued(await self.ask(asked | self.assertion(client, Path(key_file))))

    def assertion(self, client: str, key_file: Path) -> dict[str, str]:
        """The form fields by which a client proves itself, once."""
        now = int(self.clock.now().timestamp())
        claims = {"iss": client, "sub": client, "aud": self.name, "iat": now, "exp": now + ASSERTION_LIFE_S}
        key = ECKey.import_key(key_file.read_text())
        header = {"alg": ALGORITHM, "kid": key.thumbprint()}
        signed = jwt.encode(header, claims | {"jti": str(new_id())}, key)
        return {"client_id": client, "client_assertion_type": ASSERTION, "client_assertion": signed}

    async def person(self, user: str, password: str) -> Issued:
        """A token for a person at the terminal's client. Raises `NotSignedIn`."""
        proof = Proof.fresh()
        code = await self.code(user, password, proof)
        return issued(await self.exchange(code, proof))

    async def code(self, user: str, password: str, proof: Proof, *, client: str = CLI, back: str = BACK) -> str:
        """The code that the browser would carry back. Raises `NotSignedIn`."""
        state = secrets.token_urlsafe(16)
        asked = {"response_type": "code", "client_id": client, "redirect_uri": back, "scope": "openid", "state": state}
        shown = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
        back_with = (await browse(str(httpx.URL(self.authorize, params=asked | shown)), user, password)).params
        if back_with.get("state") != state or back_with.get("iss") != self.name or "code" not in back_with:
            raise NotSignedIn(f"{user} was not let in at {self.name}")
        return back_with["code"]

    async def exchange(self, code: str, proof: Proof, *, client: str = CLI, back: str = BACK) -> httpx.Response:
        """What the issuer answers to a code."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": client}
        return await self.ask(asked | {"code_verifier": proof.verifier})

    async def ask(self, form: Mapping[str, str]) -> httpx.Response:
        """Whatever is asked at the token's door."""
        return await self.http.post(self.token, data=dict(form))


async def server_at(url: str, http: httpx.AsyncClient) -> AuthorizationServer:
    """Read an issuer's description. Raises `NotSignedIn` when it is another's, `httpx.HTTPError`."""
    answer = await http.get(f"{url}/.well-known/openid-configuration")
    said: dict[str, Any] = answer.raise_for_status().json()
    if said["issuer"] != url:
        raise NotSignedIn(f"{url} says it is {said['issuer']}")
    return AuthorizationServer(url, said["authorization_endpoint"], said["token_endpoint"], http)


def issued(answer: httpx.Response) -> Issued:
    """The token of an answer. Raises `NotSignedIn`."""
    said = answer.json()
    if not answer.is_success:
        raise NotSignedIn(f"{answer.status_code}: {said.get('error')}: {said.get('error_description')}")
    return Issued(said["access_token"], float(said["expires_in"]))


async def browse(address: str, user: str, password: str) -> httpx.URL:
    """Where a browser is sent that fills in the login page at `address`; empty when it stays there.

    Each has a browser of her own: a shared one would be signed in already. Raises `NotSignedIn` for another page.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as browser:
        page = await browser.get(address)
        filled_in = {"username": user, "password": password}
        answer = await browser.post(_form_of(page), data=filled_in, headers={"Cookie": _cookies_of(page)})
    return httpx.URL(answer.headers.get("Location", ""))


class _Forms(HTMLParser):
    """Finds where the login form goes."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form" and found.get("id") == LOGIN_FORM:
            self.action = found.get("action")


def _form_of(page: httpx.Response) -> str:
    forms = _Forms()
    forms.feed(page.text)
    if forms.action is None:
        raise NotSignedIn(f"no login form on a page answered with {page.status_code}")
    return forms.action


def _cookies_of(page: httpx.Response) -> str:
    """The page's cookies as a header: marked Secure, they are kept back from plain HTTP by all but browsers at home."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies.jar)
