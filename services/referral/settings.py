"""Where referral's far ends are; read once, prefix REFERRAL_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and how strict the FHIR door is.

    `conformance` also takes the national use-case codes and service ids that published examples carry: for trying
    the door out, never in production, where only our own use case is taken. `national_proxy` is the name in the
    certificate of the national proxy, `front_door_key` the file with what the front door proves itself by: both for
    messages that come through it, neither for direct ones alone.
    """

    model_config = SettingsConfigDict(env_prefix="REFERRAL_", frozen=True, extra="ignore")

    port: int = 8101
    database: str = "referral"
    conformance: bool = False
    national_proxy: str = ""
    front_door_key: Path | None = None
