"""Who is believed about who somebody is: the issuer, what its claims are called, and which keys of ours are trusted."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class ClaimNames(BaseModel):
    """Where an issuer's token says what we need; a dot goes into an object. Nothing here knows a product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str = "sub"
    roles: str = "roles"
    provider: str = "provider"
    sites: str = "sites"
    organisations: str = "organisations"
    client: str = "azp"
    scope: str = "scope"


class IssuerSettings(BaseModel):
    """The issuer of access tokens. `jwks_file` pins its keys; else they are fetched from `jwks_url` and kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str = "beside"
    jwks_url: str = ""
    jwks_file: Path | None = None
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")
    leeway_s: int = 10
    longest_life_s: int = 300
    claims: ClaimNames = ClaimNames()
