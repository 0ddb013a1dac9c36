"""Makes the check of an issuer's tokens from a service's settings: for its interfaces, and for its pages' sign-in."""

from typing import Any

import httpx

from shared.access.jwks import FetchedKeys, Keys, PinnedKeys
from shared.access.settings import IssuerSettings
from shared.access.tokens import TokenCheck
from shared.runtime.clock import Clock
from shared.runtime.settings import ServiceSettings


def issuer_check(
    settings: ServiceSettings, audience: str, http: httpx.AsyncClient, clock: Clock, **more: Any
) -> TokenCheck | None:
    """Believes tokens made for `audience`; `more` as `IssuerSettings`. None without an issuer: nothing is believed."""
    if not settings.issuer or not audience:
        return None
    issuer = IssuerSettings(
        issuer=settings.issuer,
        audience=audience,
        jwks_url=settings.jwks_url,
        jwks_file=settings.jwks_file,
        **more,
    )
    keys: Keys = PinnedKeys(issuer.jwks_file) if issuer.jwks_file else FetchedKeys(issuer.jwks_url, http)
    return TokenCheck(issuer, keys, clock)
