"""What a service is told at its start, read once from the environment; the only file that looks there."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings every service has; each service subclasses with its own prefix ("TRIAGE_").

    Addresses may carry passwords, so they are left out when settings are printed. Nothing secret has a default.
    `key_file` is the vault's master key; `signing_keys` a folder with the service's own signing keys (*.pem),
    `trusted_keys` one with every service's public keys, `audit_heads` one that outlives the process, for the audit's
    heads and for entries that wait to be chained.
    `issuer` and what follows it say who is believed about people and systems (`shared/access/settings.py`); without
    an issuer nobody can sign in. `public_url` is how browsers reach the service, `web_client` what it is to the issuer,
    and `service_urls` how browsers reach every service, by its name. `client_rate` requests a second, and
    `client_burst` at once, are what one system may send to one instance.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)
    mongo_url: str = Field(repr=False)
    database: str
    kafka: str
    key_file: Path
    safeguarding_urls: str = ""
    public_url: str = ""
    issuer: str = ""
    audience: str = "beside"
    jwks_url: str = ""
    jwks_file: Path | None = None
    claims: dict[str, str] = {}
    service_urls: dict[str, str] = {}
    web_client: str = ""
    web_client_key: Path | None = None
    signing_keys: Path
    trusted_keys: Path
    audit_heads: Path
    client_rate: float = Field(default=50.0, gt=0)
    client_burst: int = Field(default=200, ge=1)

    @property
    def safeguarding(self) -> tuple[str, ...]:
        """The addresses of safeguarding's instances, in the order in which they are tried."""
        return addresses(self.safeguarding_urls)


def addresses(urls: str) -> tuple[str, ...]:
    """Addresses that stand in one setting, separated by commas."""
    return tuple(url.strip().rstrip("/") for url in urls.split(",") if url.strip())
