"""What outcomes is told at its start; read once, prefix OUTCOMES_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs."""

    model_config = SettingsConfigDict(env_prefix="OUTCOMES_", frozen=True, extra="ignore")

    port: int = 8105
    database: str = "outcomes"
