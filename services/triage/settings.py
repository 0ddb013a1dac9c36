"""Where triage's far ends are; read once, prefix TRIAGE_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and the programme of a referral that names none."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", frozen=True, extra="ignore")

    port: int = 8102
    database: str = "triage"
    usual_programme: str = "parents-in-mind"
