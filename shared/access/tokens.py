"""Checks an access token of the issuer: signature, algorithm, issuer, audience and times; and remembers that it did."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from shared.access.jwks import Keys
from shared.access.refusals import unproved
from shared.access.settings import IssuerSettings
from shared.runtime.clock import Clock

LONGEST_TOKEN = 8_192
REMEMBERED = 2_000
Claims = Mapping[str, Any]


class TokenCheck:
    """Turns the text of an access token into claims that can be believed."""

    def __init__(self, settings: IssuerSettings, keys: Keys, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[bytes, Claims] = OrderedDict()

    async def __call__(self, token: str) -> Claims:
        """The claims of a valid token. Raises `Refused` (401), whose code says what was wrong and nothing of the token.

        A token that was checked before is only looked at for its times: a revoked one ends at its expiry at the latest.
        """
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise unproved("access.token_unreadable")
        name = hashlib.sha256(token.encode()).digest()
        claims = self._known.get(name)
        if claims is None:
            claims = await self._verified(token)
            self._remember(name, claims)
        self._check_times(claims)
        return claims

    async def _verified(self, token: str) -> Claims:
        try:
            header = extract_compact(token.encode()).headers()
        except (JoseError, ValueError):
            raise unproved("access.token_unreadable") from None
        if header.get("alg") not in self._settings.algorithms or "kid" not in header:
            raise unproved("access.token_algorithm")
        keys = await self._keys.having(str(header["kid"]))
        try:
            claims = jwt.decode(token, keys, algorithms=list(self._settings.algorithms)).claims
        except (JoseError, ValueError):
            raise unproved("access.token_signature") from None
        self._check_names(claims)
        return claims

    def _check_names(self, claims: Claims) -> None:
        registry = JWTClaimsRegistry(
            now=self._now,
            leeway=self._settings.leeway_s,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(dict(claims))
        except JoseError as wrong:
            raise unproved(f"access.token_{wrong.error}") from None
        if claims["exp"] - claims["iat"] > self._settings.longest_life_s:
            raise unproved("access.token_life")

    def _check_times(self, claims: Claims) -> None:
        now, leeway = self._now(), self._settings.leeway_s
        if claims["exp"] <= now - leeway:
            raise unproved("access.token_expired")
        if claims.get("nbf", 0) > now + leeway or claims["iat"] > now + leeway:
            raise unproved("access.token_not_yet")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _remember(self, name: bytes, claims: Claims) -> None:
        self._known[name] = claims
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
