"""The closed lists and small values that several events share."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.shapes import CODE_PATTERN

Code = Annotated[str, Field(pattern=CODE_PATTERN)]
"""A stable code, an id or a role with an id: no spaces, so that no sentence can travel (docs/decisions/0012)."""
Count = Annotated[int, Field(ge=0, le=100_000)]
"""How many of something; bounded, so that no telephone or NHS number fits."""
Score = Annotated[int, Field(ge=0, le=999)]
ItemNumber = Annotated[int, Field(ge=1, le=99)]

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

    instrument: Code
    version: Code
    items: dict[ItemNumber, Score] = {}
    totals: dict[Code, Score] = {}
    taken_on: date


class Signal(Value):
    """A worry found in an input, with the level its edge assigned from the risk table (SAFETY S5)."""

    signal_id: UUID
    code: Code
    level: Level


class OfferAdvice(Value):
    """Why an offer fits, and why it may not, as stable reason codes."""

    offer: Code
    fits: bool
    reasons_for: tuple[Code, ...] = ()
    reasons_against: tuple[Code, ...] = ()
