"""Access tokens for made-up staff and trusts, each asked for once and kept until shortly before it ends."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import httpx

from deploy.simulate.signing_in import AuthorizationServer, Issued, server_at
from deploy.simulate.stack import Stack

EARLY_S = 30.0
"""A token is asked for anew so long before it ends: a request under way must not outlive it."""


class Tokens(Protocol):
    """Where tokens come from: an issuer that is asked, or whatever a test believes."""

    async def system_token(self, client: str) -> str:
        """A token of a trust's machine client."""
        ...

    async def staff_token(self, user: str) -> str:
        """A token of a person."""
        ...


@dataclass(frozen=True)
class _Kept:
    token: str
    until: float


class SignedIn:
    """Tokens of the people and clients of a stack's own Keycloak."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._stack = stack
        self._http = http
        self._clock = clock
        self._server: AuthorizationServer | None = None
        self._kept: dict[str, _Kept] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def system_token(self, client: str) -> str:
        """See `Tokens.system_token`. Raises `signing_in.NotSignedIn`, `KeyError` for an unknown client."""
        known = self._stack.clients[client]
        return await self._token(client, lambda server: server.system(client, known["key_file"], known["scopes"]))

    async def staff_token(self, user: str) -> str:
        """See `Tokens.staff_token`. Raises `signing_in.NotSignedIn`, `KeyError` for an unknown person."""
        password = self._stack.users[user]["password"]
        return await self._token(user, lambda server: server.person(user, password))

    async def _token(self, name: str, ask: Callable[[AuthorizationServer], Awaitable[Issued]]) -> str:
        async with self._asking[name]:
            kept = self._kept.get(name)
            if kept is None or self._clock() >= kept.until:
                asked_at = self._clock()
                issued = await ask(await self._at())
                kept = self._kept[name] = _Kept(issued.token, asked_at + issued.life_s - EARLY_S)
            return kept.token

    async def _at(self) -> AuthorizationServer:
        if self._server is None:
            self._server = await server_at(self._stack.issuer, self._http)
        return self._server
