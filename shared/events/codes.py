"""The closed lists and small values that several events share."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Level = Literal["now", "today", "history"]
About = Literal["adult", "unborn", "child", "other_child", "other_adult", "supporter", "unknown"]
Route = Literal["bars", "json", "form", "bulk"]
Source = Literal[
    "health_visitor",
    "midwife",
    "perinatal_team",
    "talking_therapies",
    "social_worker",
    "gp",
    "family_support_worker",
    "family_nurse",
    "self",
    "other",
]
AgeBand = Literal["under_13", "13_to_15", "16_to_17", "18_to_24", "25_and_over", "unknown"]
Stage = Literal["baseline", "during", "follow_up"]
Channel = Literal["face_to_face", "group", "online", "telephone", "text"]


class Value(BaseModel):
    """A part of an event: frozen, and deaf to fields a newer publisher may add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Baby(Value):
    """A due date or a birth date; a due date never implies a birth (SAFETY S7)."""

    kind: Literal["due", "born"]
    on: date


class Measure(Value):
    """Answers to one questionnaire: item number to score, or scale name to total; never item wording."""

    instrument: str
    version: str
    items: dict[int, int] = {}
    totals: dict[str, int] = {}
    taken_on: date


class Signal(Value):
    """A worry found in an input, with the level its edge assigned from the risk table (SAFETY S5)."""

    signal_id: UUID
    code: str
    level: Level


class OfferAdvice(Value):
    """Why an offer fits, and why it may not, as stable reason codes."""

    offer: str
    fits: bool
    reasons_for: tuple[str, ...] = ()
    reasons_against: tuple[str, ...] = ()
