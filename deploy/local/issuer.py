"""Whom the services of a stack believe about people and systems: its own Keycloak, or an issuer that was named."""

from dataclasses import dataclass
from pathlib import Path

REALM = "beside"
AUDIENCE = "beside"


@dataclass(frozen=True)
class Issuer:
    """An issuer's address, and where its public keys are: at an address or in a file."""

    url: str
    jwks_url: str = ""
    jwks_file: str = ""


def issuer_at(port: int) -> Issuer:
    """The issuer that a Keycloak on this port of this machine is."""
    url = f"http://127.0.0.1:{port}/realms/{REALM}"
    return Issuer(url, jwks_url=f"{url}/protocol/openid-connect/certs")


def named_issuer(url: str, keys: str) -> Issuer:
    """An issuer whose keys are at an address or in a file."""
    if keys.startswith(("https://", "http://")):
        return Issuer(url, jwks_url=keys)
    return Issuer(url, jwks_file=str(Path(keys).absolute()))
