"""Where safeguarding's far ends are; read once, prefix SAFEGUARDING_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings, addresses


class Settings(ServiceSettings):
    """What every service needs, and where pages go. The files are paths; without one the shipped defaults are used."""

    model_config = SettingsConfigDict(env_prefix="SAFEGUARDING_", frozen=True, extra="ignore")

    port: int = 8104
    database: str = "safeguarding"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    mail_from: str = "pages@safeguarding.example.org"
    webhook_url: str = ""
    webhook_secret: str = ""
    public_url: str = ""
    ladder_file: str = ""
    rota_file: str = ""
    card_file: str = ""
    break_glass_file: str = ""
    referral_urls: str = ""

    @property
    def referral(self) -> tuple[str, ...]:
        """The addresses of referral's instances, in the order in which they are asked for contact cards."""
        return addresses(self.referral_urls)
