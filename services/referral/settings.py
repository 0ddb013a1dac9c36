"""Where referral's far ends are; read once, prefix REFERRAL_."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and how strict the FHIR door is.

    `conformance` also takes the national use-case codes and service ids that published examples carry: for trying
    the door out, never in production, where only our own use case is taken.
    """

    model_config = SettingsConfigDict(env_prefix="REFERRAL_", frozen=True, extra="ignore")

    port: int = 8101
    database: str = "referral"
    conformance: bool = False
