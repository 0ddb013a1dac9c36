"""What a sender says about contacting her: a flag of our own, since the standard has none (docs/profile.md)."""

from collections.abc import Mapping
from typing import Any, Literal

from services.referral.adapters.bars_bundle import Bundle, Resource, list_of, object_of

OWN_SYSTEMS = "https://beside.example/CodeSystem/"
CONTACT_SYSTEM = f"{OWN_SYSTEMS}contact"
Said = Literal["yes", "no", "not_asked"]
MEANS: Mapping[str, Said] = {"safe-to-contact": "yes", "not-safe-to-contact": "no"}
"""The codes of our CodeSystem `contact`."""


def contact_said(bundle: Bundle) -> Said:
    """Whether a message may reach her, as far as the sender was told; of two answers the careful one."""
    said = {MEANS[code] for flag in bundle.all("Flag") if (code := _code_of(flag)) and flag.get("status") == "active"}
    if "no" in said:
        return "no"
    return "yes" if "yes" in said else "not_asked"


def is_about_contact(flag: Resource) -> bool:
    """Whether this flag is ours about contact, and so no words for a reader."""
    return _code_of(flag) is not None


def _code_of(flag: Resource) -> str | None:
    for coding in map(object_of, list_of(object_of(flag.get("code")).get("coding"))):
        if str(coding.get("system", "")) == CONTACT_SYSTEM and coding.get("code") in MEANS:
            return str(coding["code"])
    return None


def interpreter_of(patient: Mapping[str, Any]) -> Literal["yes", "no"] | None:
    """Whether she needs an interpreter (HL7 extension patient-interpreterRequired); None where nothing is said."""
    for extension in map(object_of, list_of(patient.get("extension"))):
        said = extension.get("valueBoolean")
        if str(extension.get("url", "")).endswith("/patient-interpreterRequired") and isinstance(said, bool):
            return "yes" if said else "no"
    return None
