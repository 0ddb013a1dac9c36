"""Where support's far ends are; read once, prefix SUPPORT_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and how long safeguarding's answer is waited for, in seconds."""

    model_config = SettingsConfigDict(env_prefix="SUPPORT_", frozen=True, extra="ignore")

    port: int = 8103
    database: str = "support"
    hold_answer_within: float = 2.0
