"""Proves a caller by the token in the header Authorization: the issuer's for people and systems, ours for services."""

from typing import Any

from starlette.requests import Request

from shared.access.caller import Caller, service_caller
from shared.access.claims import PERSON_ID, caller_of
from shared.access.policy.table import Operation
from shared.access.refusals import unproved
from shared.access.replays import Once
from shared.access.roles import ROLES, SERVICE
from shared.access.service_keys import ISSUERS, LIFE, Trusted, is_service_token
from shared.access.settings import ClaimNames
from shared.access.tokens import TokenCheck

ROLE = "Beside-Role"
"""In which of her roles a person acts whose token names several; without it, in the first."""


class Bearer:
    """An authenticator."""

    def __init__(
        self, service: str, check: TokenCheck | None, names: ClaimNames, trusted: Trusted, replays: Once
    ) -> None:
        self._service = service
        self._check = check
        self._names = names
        self._trusted = trusted
        self._replays = replays

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """See `Authenticator`."""
        said = request.headers.getlist("Authorization")
        if not said:
            return None
        scheme, _, token = said[0].partition(" ")
        if len(said) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise unproved("access.token_unreadable")
        if is_service_token(token.strip()):
            return await self._service_caller(token.strip())
        if self._check is None:
            raise unproved("access.no_issuer")
        claims = await self._check(token.strip())
        return caller_of(claims, self._names, via="token", role=request.headers.get(ROLE))

    async def _service_caller(self, token: str) -> Caller:
        service, claims = self._trusted.verify(token, audience=f"{ISSUERS}{self._service}", longest=LIFE)
        await self._replays.first_use(service, str(claims["jti"]), int(claims["exp"]))
        role, _, person = str(claims.get("sub", "")).partition("/")
        if role == SERVICE and person == service:
            return service_caller(service)
        if role not in ROLES or not PERSON_ID.fullmatch(person):
            raise unproved("access.service_token_subject")
        return Caller(
            kind="person",
            id=person,
            role=role,
            via="service_token",
            roles=(role,),
            provider=_text(claims.get("provider")),
            sites=tuple(one for one in claims.get("sites", ()) if isinstance(one, str)),
            matches=frozenset(one for one in claims.get("matches", ()) if isinstance(one, str)),
            through=service,
            proof=str(claims["jti"]),
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
