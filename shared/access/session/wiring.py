"""Makes what a service with pages needs so that people can sign in at it, from its settings."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.fernet import Fernet
from pymongo.asynchronous.database import AsyncDatabase

from shared.access.issuer_check import issuer_check
from shared.access.replays import Replays
from shared.access.session.attempts import Attempts
from shared.access.session.authenticator import SessionCookie
from shared.access.session.back_channel import BackChannel
from shared.access.session.cookies import Cookie
from shared.access.session.issuer import OpenIdIssuer, WebClient
from shared.access.session.kept import Sessions
from shared.access.session.limits import SessionLimits, session_limits
from shared.access.settings import ClaimNames
from shared.runtime.clock import Clock
from shared.runtime.master_key import MasterKey
from shared.runtime.settings import ServiceSettings

LONGEST_ID_TOKEN_S = 3_600


@dataclass(frozen=True)
class SignIn:
    """Made once for a service. Without an issuer or a client at it (`issuer` None) nobody new can sign in."""

    service: str
    names: ClaimNames
    clock: Clock
    limits: SessionLimits
    sessions: Sessions
    attempts: Attempts
    cookie: Cookie
    attempt_cookie: Cookie
    sealing: Fernet
    issuer: OpenIdIssuer | None
    back_channel: BackChannel | None

    @property
    def authenticator(self) -> SessionCookie:
        """Proves callers by their session."""
        return SessionCookie(self.cookie, self.sessions)

    async def ensure_indexes(self) -> None:
        """Make what must be there before the first request; harmless when it is."""
        await self.sessions.ensure_indexes()
        await self.attempts.ensure_indexes()

    async def close(self) -> None:
        """Let go of connections."""
        if self.issuer is not None:
            await self.issuer.close()


def sign_in_of(
    settings: ServiceSettings,
    service: str,
    database: AsyncDatabase[dict[str, Any]],
    master: MasterKey,
    clock: Clock,
    http: httpx.AsyncClient,
) -> SignIn:
    """Make it. Raises `FileNotFoundError` without the client's key."""
    limits = session_limits()
    sessions = Sessions(database, limits, clock)
    public = settings.public_url or f"http://{settings.host}:{settings.port}"
    check = issuer_check(settings, settings.web_client, http, clock, longest_life_s=LONGEST_ID_TOKEN_S)
    issuer = None
    if check is not None and settings.web_client_key is not None:
        issuer = OpenIdIssuer(
            settings.issuer, WebClient(settings.web_client, settings.web_client_key, public), check, http
        )
    return SignIn(
        service=service,
        names=ClaimNames(**settings.claims),
        clock=clock,
        limits=limits,
        sessions=sessions,
        attempts=Attempts(database, limits, clock),
        cookie=Cookie.of(service, public),
        attempt_cookie=Cookie.of(f"{service}-sign-in", public),
        sealing=Fernet(urlsafe_b64encode(master.derived("id-token"))),
        issuer=issuer,
        back_channel=BackChannel(check, sessions, Replays(database)) if check is not None else None,
    )
