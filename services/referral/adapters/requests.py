"""The JSON body of a referral: strict, so that a misspelt field is told to the sender and not lost."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.events.codes import Code, Measure, Source

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
FEW = 50


class Body(BaseModel):
    """A part of a request: knows its fields, and refuses others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Body):
    """Who is referred. An NHS number is taken as written: a wrong check digit marks it, and refuses nobody."""

    given: Name
    family: Name
    birth_date: date | None = None
    nhs_number: Short | None = None
    phone: Short | None = None
    postcode: Short | None = None
    safe_to_contact: Literal["yes", "no", "not_asked"] = "not_asked"


class Child(Body):
    """A due date or a birth date, not both."""

    due: date | None = None
    born: date | None = None

    @model_validator(mode="after")
    def _one_date(self) -> Self:
        if (self.due is None) == (self.born is None):
            raise ValueError("say either due or born")
        return self


class Answers(Measure):
    """One questionnaire: item numbers to scores, or totals by scale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _some_scores(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("items") and not value.get("totals"):
            raise ValueError("say items or totals")
        return value


class ReferralRequest(Body):
    """What `POST /api/referrals` takes."""

    programme: Code | None = None
    site: Code
    source: Source
    person: Person
    baby: Child | None = None
    conditions: Annotated[tuple[Code, ...], Field(max_length=FEW)] = ()
    measures: Annotated[tuple[Answers, ...], Field(max_length=FEW)] = ()
    preferences: Annotated[tuple[Code, ...], Field(max_length=FEW)] = ()
    flags: Annotated[tuple[Code, ...], Field(max_length=FEW)] = ()
    text: Text | None = None
