"""From a JSON body to the question for the rules and the record for the vault. No rule lives here."""

from collections.abc import Mapping
from typing import Any

from services.referral.adapters.mapped import Mapped, Origin, digits_of, searchable, without_empty
from services.referral.adapters.requests import ReferralRequest
from services.referral.domain.commands import ReceiveReferral
from services.referral.domain.policy import (
    Findings,
    age_band_on,
    baby_of,
    nhs_number_checks,
    safe_to_contact,
    worries_in,
)
from services.referral.domain.travelling import travelling
from shared.events.codes import Measure
from shared.programmes.model import Programme


def faults_of(request: ReferralRequest, origin: Origin) -> list[tuple[str, str]]:
    """What a well-formed request gets wrong, as (field, reason): a site or programme nobody runs."""
    faults = []
    if origin.data.sites.site(request.site) is None:
        faults.append(("site", "no such site"))
    if request.programme is not None and request.programme not in origin.data.programmes:
        faults.append(("programme", "no such programme"))
    return faults


def sole_programme(programmes: Mapping[str, Programme], site: str) -> str | None:
    """The programme that runs at `site` when only one does; otherwise a person says which."""
    running = [programme.id for programme in programmes.values() if site in programme.sites]
    return running[0] if len(running) == 1 else None


def to_referral(request: ReferralRequest, origin: Origin) -> Mapped:
    """The referral a checked request asks for."""
    risk = origin.data.risk
    measures = tuple(Measure.model_construct(**dict(answers)) for answers in request.measures)
    band = age_band_on(origin.day, request.person.birth_date)
    found = Findings(origin.organisation, origin.message, request.flags, request.conditions, measures, band)
    baby = request.baby
    sent = travelling(
        origin.data,
        origin.instruments,
        conditions=request.conditions,
        measures=measures,
        preferences=request.preferences,
    )
    command = ReceiveReferral(
        case=origin.case,
        programme=request.programme or sole_programme(origin.data.programmes, request.site),
        source=request.source,
        route="json",
        baby=baby_of(due=baby.due, born=[baby.born] if baby.born else [], day=origin.day) if baby else None,
        conditions=sent.conditions,
        measures=sent.measures,
        preferences=sent.preferences,
        worries=worries_in(risk, found),
        age_band=band,
        text_unread=request.text is not None or bool(sent.unknown),
        sent_by=origin.organisation,
    )
    identity = _identity(request) | ({"unknown": dict(sent.unknown)} if sent.unknown else {})
    identity["safe_to_contact"] = safe_to_contact(risk, said=request.person.safe_to_contact, flags=request.flags)
    return Mapped(command, request.site, identity, searchable(identity))


def _identity(request: ReferralRequest) -> dict[str, Any]:
    person = request.person
    number = digits_of(person.nhs_number)
    return without_empty(
        {
            "given": person.given,
            "family": person.family,
            "birth_date": person.birth_date.isoformat() if person.birth_date else None,
            "nhs_number": number,
            "nhs_number_status": ("unverified" if nhs_number_checks(number) else "does_not_check") if number else None,
            "phone": person.phone,
            "postcode": person.postcode,
            "text": request.text,
            "flags": [{"code": code, "status": "active"} for code in request.flags],
        }
    )
