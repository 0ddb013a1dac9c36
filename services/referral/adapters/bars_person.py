"""Who a message is about: everything here goes to the vault and nowhere else."""

from collections.abc import Mapping
from typing import Any

from services.referral.adapters.bars_bundle import Bundle, Resource, codes_in, list_of, object_of, phone_in, rank_of
from services.referral.adapters.bars_contact import interpreter_of
from services.referral.adapters.mapped import digits_of, without_empty
from services.referral.domain.policy import nhs_number_checks

NHS_NUMBER = "fhir.nhs.uk/id/nhs-number"
"""Systems differ in case and scheme between senders, so both are left out of the comparison."""
HERSELF = "ONESELF"
VERIFIED = "01"
RETIRED: Mapping[str, str] = {
    "number-present-and-verified": "01",
    "number-present-but-not-traced": "02",
    "trace-required": "03",
    "trace-attempted-no-match-or-multiple-match-found": "04",
    "trace-needs-to-be-resolved": "05",
    "trace-in-progress": "06",
    "number-not-present-and-trace-not-required": "07",
    "trace-postponed": "08",
}
"""The retired code system for the verification of an NHS number, as the current one (01 to 08) says it (UK Core)."""


def identity_of(patient: Resource, bundle: Bundle) -> dict[str, Any]:
    """Name, number, addresses and contacts as sent. Her own telephone is only one that is said to be hers (S9)."""
    name = _name(patient)
    address = object_of((list_of(patient.get("address")) or [None])[0])
    contacts = [_contact(one) for one in map(object_of, list_of(patient.get("contact")))]
    own = phone_in(patient) or next((one.get("phone") for one in contacts if HERSELF in one["relationship"]), None)
    return without_empty(
        {
            "given": " ".join(str(part) for part in list_of(name.get("given"))),
            "family": name.get("family") or name.get("text"),
            "birth_date": patient.get("birthDate"),
            **_number(patient),
            "phone": own,
            "postcode": address.get("postalCode"),
            "address": [str(line) for line in list_of(address.get("line"))],
            "language": [code for one in list_of(patient.get("communication")) for code in _language(one)],
            "interpreter": interpreter_of(patient),
            "contacts": contacts,
            "referrer": [_referrer(one) for one in bundle.all("Practitioner")],
        }
    )


def _name(patient: Resource) -> dict[str, Any]:
    names = [object_of(one) for one in list_of(patient.get("name"))]
    return next((one for one in names if one.get("use") == "official"), names[0] if names else {})


def _number(patient: Resource) -> dict[str, str]:
    """The NHS number as sent; one whose check digit is wrong is kept, marked, and never used to link (S17)."""
    for identifier in map(object_of, list_of(patient.get("identifier"))):
        if str(identifier.get("system", "")).lower().endswith(NHS_NUMBER) and isinstance(identifier.get("value"), str):
            number = digits_of(identifier["value"]) or ""
            verification = _verification(identifier)
            found = {"nhs_number": number, "nhs_number_status": _status(number, verification)}
            return found | ({"nhs_number_verification": verification} if verification else {})
    return {}


def _status(number: str, verification: str | None) -> str:
    if not nhs_number_checks(number):
        return "does_not_check"
    return "sender_verified" if verification == VERIFIED else "unverified"


def _verification(identifier: Resource) -> str | None:
    """What the sender says it did to verify the number, 01 to 08."""
    extensions = map(object_of, list_of(identifier.get("extension")))
    said = (code for one in extensions for code in codes_in(one.get("valueCodeableConcept")))
    current = (RETIRED.get(code, code) for code in said)
    return next((code for code in current if code in RETIRED.values()), None)


def _contact(contact: Resource) -> dict[str, Any]:
    name = object_of(contact.get("name"))
    given = " ".join(str(part) for part in list_of(name.get("given")))
    relationship = [code for concept in list_of(contact.get("relationship")) for code in codes_in(concept)]
    said = {
        "rank": rank_of(contact),
        "name": f"{given} {name.get('family', '')}".strip() or name.get("text"),
        "phone": phone_in(contact),
    }
    return {"relationship": relationship, **without_empty(said)}


def _language(communication: Any) -> list[str]:
    return list(codes_in(object_of(communication).get("language")))


def _referrer(practitioner: Resource) -> dict[str, Any]:
    name = _name(practitioner)
    given = " ".join(str(part) for part in list_of(name.get("given")))
    return without_empty(
        {"name": f"{given} {name.get('family', '')}".strip() or name.get("text"), "phone": phone_in(practitioner)}
    )
