"""What a service is told at its start, read once from the environment; the only file that looks there."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings every service has; each service subclasses with its own prefix ("TRIAGE_").

    Addresses may carry passwords, so they are left out when settings are printed. Nothing secret has a default.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)
    mongo_url: str = Field(repr=False)
    database: str
    kafka: str
    key_file: Path
    safeguarding_urls: str = ""

    @property
    def safeguarding(self) -> tuple[str, ...]:
        """The addresses of safeguarding's instances, in the order in which they are tried."""
        return tuple(url.strip().rstrip("/") for url in self.safeguarding_urls.split(",") if url.strip())
