"""What a service is told at its start, read once from the environment; the only file that looks there."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings every service has; each service subclasses with its own prefix ("TRIAGE_")."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int
    mongo_url: str
    database: str
    kafka: str
    key_file: Path
    safeguarding_urls: str = ""

    @property
    def safeguarding(self) -> tuple[str, ...]:
        """The addresses of safeguarding's instances, in the order in which they are tried."""
        return tuple(url.strip().rstrip("/") for url in self.safeguarding_urls.split(",") if url.strip())
