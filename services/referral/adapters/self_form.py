"""What a woman said in the form, checked, and what it asks of intake; few answers are a must."""

from datetime import date
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationInfo, field_validator

from services.referral.adapters.json_mapper import sole_programme
from services.referral.adapters.mapped import Mapped, Origin, searchable, without_empty
from services.referral.domain.commands import ReceiveReferral, Worry
from services.referral.domain.policy import baby_of
from shared.events.codes import Code
from shared.events.ids import signal_id_from_message
from shared.programmes.hours import WorkingHours
from shared.programmes.model import Danger, Governed, RiskLevels
from shared.programmes.risk import level_of_danger

HERSELF = "herself"
"""Stands where other referrals have the organisation that sent them."""
Reach = Literal["phone", "email", "through_midwife", "i_will_ring", "i_will_come"]
"""How she may be reached (S9): none of them is a must, and each means something to whoever does it."""
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class SelfRules(Governed):
    """The shape of rules/self_referral.yaml."""

    read_at: WorkingHours
    heard_from: tuple[Code, ...]
    sends_a_minute: PositiveInt
    sends_a_minute_in_all: PositiveInt


def self_rules_from(text: str) -> SelfRules:
    """Read the file. Raises `ValueError` for anything that is not as the shape says."""
    return SelfRules.model_validate(yaml.safe_load(text))


class SelfForm(BaseModel):
    """The form's fields by their own names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    given: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    reach: Reach
    detail: Annotated[Short, Field(validate_default=True)] = ""
    safe_to_contact: Literal["yes", "no", "not_asked"]
    stage: Literal["pregnant", "baby", ""] = ""
    baby_date: date | None = None
    text: Annotated[str, Field(max_length=5_000)] = ""
    heard_from: Code | None = None
    danger: Danger

    @field_validator("detail")
    @classmethod
    def _reachable(cls, detail: str, said: ValidationInfo) -> str:
        if said.data.get("reach") in ("phone", "email") and not detail:
            raise ValueError("say the number or address")
        return detail


def danger_in(risk: RiskLevels, key: str, said: str) -> Worry | None:
    """The worry in her answer to the one question: the same for every sending of the form under `key` (S3, S6)."""
    if said not in ("yes", "not_sure"):
        return None
    code = f"in_danger/{said}"
    level = level_of_danger(risk, "yes" if said == "yes" else "not_sure")
    return Worry(signal_id_from_message(HERSELF, key, code), code, level, "unknown")


def to_self_referral(form: SelfForm, site: str, origin: Origin) -> Mapped:
    """Her referral; nobody else's word is needed (R31)."""
    worry = danger_in(origin.data.risk, origin.message, form.danger)
    due = form.baby_date if form.stage == "pregnant" else None
    born = [form.baby_date] if form.stage == "baby" and form.baby_date else []
    identity = without_empty(
        {
            "given": form.given,
            "reach": form.reach,
            "phone": form.detail if form.reach == "phone" else None,
            "email": form.detail if form.reach == "email" else None,
            "reach_detail": form.detail if form.reach not in ("phone", "email") else None,
            "safe_to_contact": form.safe_to_contact,
            "text": form.text.strip(),
        }
    )
    command = ReceiveReferral(
        case=origin.case,
        programme=sole_programme(origin.data.programmes, site),
        source="self",
        route="form",
        baby=baby_of(due=due, born=born, day=origin.day),
        worries=(worry,) if worry else (),
        text_unread=bool(form.text.strip()),
        heard_from=form.heard_from,
    )
    return Mapped(command, site, identity, searchable(identity))
