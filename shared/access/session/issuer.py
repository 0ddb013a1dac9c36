"""The issuer as sign-in pages need it: where to send a browser, a code for an identity, where signing out goes.

Authlib speaks OpenID Connect; what comes back is checked by the same code that checks access tokens.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import httpx2
import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

from shared.access.refusals import unproved
from shared.access.session.attempts import Attempt
from shared.access.tokens import Claims, TokenCheck
from shared.runtime.errors import Unavailable

log = structlog.get_logger()
ALGORITHM = "ES256"
ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class WebClient:
    """What a service is to the issuer: client `id` with the private key in `key_file`, reached at `public_url`."""

    id: str
    key_file: Path
    public_url: str

    @property
    def back(self) -> str:
        """Where the issuer sends browsers back to."""
        return f"{self.public_url}/sign-in/back"


class OpenIdIssuer:
    """`check` believes ID tokens made for this client. The issuer may be away: then nobody new can sign in."""

    def __init__(self, issuer: str, client: WebClient, check: TokenCheck, http: httpx.AsyncClient) -> None:
        self._issuer = issuer
        self._client = client
        self._check = check
        self._http = http
        self._described: Mapping[str, Any] | None = None
        key = ECKey.import_key(client.key_file.read_text())
        self._oauth = AsyncOAuth2Client(
            client.id,
            key,
            token_endpoint_auth_method="private_key_jwt",  # noqa: S106 - the name of a method
            redirect_uri=client.back,
            scope="openid",
            code_challenge_method="S256",
            timeout=ANSWER_WITHIN_S,
            trust_env=False,
            verify=issuer.startswith("https:"),
        )
        # The assertion is for the issuer by name, as OpenID Connect asks since 2025, not for one of its addresses.
        proof = PrivateKeyJWT(issuer, headers={"kid": key.thumbprint()}, alg=ALGORITHM)
        self._oauth.register_client_auth_method(proof)

    async def leave_for(self, attempt: Attempt, *, again: bool) -> str:
        """The address to send a browser to; `again`: she proves herself anew. Raises `Unavailable`."""
        more = {"prompt": "login"} if again else {}
        url, _ = self._oauth.create_authorization_url(
            await self._endpoint("authorization_endpoint"),
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
            **more,
        )
        return str(url)

    async def identity(self, attempt: Attempt, code: str, said_issuer: str | None) -> tuple[Claims, str]:
        """Who signed in, and the ID token itself. Raises `Refused` (401) and `Unavailable`."""
        if said_issuer is not None and said_issuer != self._issuer:  # RFC 9207: another issuer's code
            raise unproved("access.sign_in_issuer")
        token = await self._exchange(code, attempt.verifier)
        claims = await self._check(token)
        if not hmac.compare_digest(str(claims.get("nonce", "")), attempt.nonce):
            raise unproved("access.sign_in_nonce")
        return claims, token

    async def sign_out(self, id_token: str) -> str:
        """Where a browser goes to be signed out at the issuer too, and back here after. Raises `Unavailable`."""
        endpoint = await self._endpoint("end_session_endpoint")
        back = {"client_id": self._client.id, "post_logout_redirect_uri": f"{self._client.public_url}/signed-out"}
        return f"{endpoint}?{urlencode({'id_token_hint': id_token, **back})}"

    async def close(self) -> None:
        """Let go of its connections."""
        await self._oauth.aclose()

    async def _exchange(self, code: str, verifier: str) -> str:
        endpoint = await self._endpoint("token_endpoint")
        try:
            answer = await self._oauth.fetch_token(
                endpoint, code=code, code_verifier=verifier, grant_type="authorization_code"
            )
        except OAuthError as refused:
            log.warning("sign_in.refused", error_code=str(refused.error)[:40])
            raise unproved("access.sign_in_code") from None
        except (httpx2.HTTPError, ValueError) as failed:  # the library Authlib speaks through
            raise self._away(failed) from None
        return str(answer.get("id_token") or "")

    async def _endpoint(self, name: str) -> str:
        if self._described is None:
            try:
                answer = await self._http.get(
                    f"{self._issuer}/.well-known/openid-configuration", timeout=ANSWER_WITHIN_S
                )
                described = answer.raise_for_status().json()
            except (httpx.HTTPError, ValueError) as failed:
                raise self._away(failed) from None
            if described.get("issuer") != self._issuer:
                raise self._away(ValueError("another issuer"))
            self._described = described
        return str(self._described[name])

    @staticmethod
    def _away(failed: Exception) -> Unavailable:
        log.error("issuer.unanswered", error_code=type(failed).__name__)
        return Unavailable()
