"""Where support's far ends are; read once, prefix SUPPORT_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings, addresses


class Settings(ServiceSettings):
    """What every service needs, how long safeguarding's answer and people's names are waited for, in seconds."""

    model_config = SettingsConfigDict(env_prefix="SUPPORT_", frozen=True, extra="ignore")

    port: int = 8103
    database: str = "support"
    hold_answer_within: float = 2.0
    referral_urls: str = ""
    names_within: float = 1.0

    @property
    def referral(self) -> tuple[str, ...]:
        """The addresses of referral's instances, in the order in which they are asked for names."""
        return addresses(self.referral_urls)
