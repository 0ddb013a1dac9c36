"""The shapes of programme data: frozen and strict, so that a misspelt setting stops a service from starting."""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.codes import About, AgeBand, Code, Level, Stage

LevelOrNone = Literal["now", "today", "history", "none"]
OfferKind = Literal["one_to_one", "group", "course", "accompany"]
Danger = Literal["yes", "no", "not_sure"]


class Data(BaseModel):
    """A piece of programme data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Governed(Data):
    """Data that a named owner may change: its version is printed beside every decision that used it."""

    version: Code
    source: str
    owner: str


class Site(Data):
    """A place where a programme runs; its id is what requests name."""

    id: Code
    name: str
    groups: tuple[Code, ...] = ()
    offers: tuple[Code, ...]


class Provider(Data):
    """The organisation that answers for its sites."""

    id: Code
    name: str
    sites: Annotated[tuple[Site, ...], Field(min_length=1)]


NO_SITE = "unassigned"
"""The site of what names none we know; it belongs to every site of its provider (shared/access/reach.py)."""


class Sites(Governed):
    """Every provider and site."""

    providers: tuple[Provider, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Sites":
        ids = [site.id for provider in self.providers for site in provider.sites]
        if len(ids) != len(set(ids)):
            raise ValueError("a site id is used twice")
        return self

    @property
    def first(self) -> str:
        """The provider that answers for what names no site we know, so that somebody does."""
        return self.providers[0].id

    def home(self, provider: str | None, sites: Collection[str] = ()) -> tuple[str, str]:
        """Provider and site that answer for what names no case, from where its sender works.

        One of `sites` if the provider has it, else the provider's first; of nobody we know, the first provider.
        """
        known = next((one for one in self.providers if one.id == provider), None)
        if known is None:
            return self.first, NO_SITE
        own = [one.id for one in known.sites]
        return known.id, next((site for site in sites if site in own), own[0])

    def site(self, site: str) -> Site | None:
        """The site of this id, or None."""
        return next((one for provider in self.providers for one in provider.sites if one.id == site), None)

    def provider_of(self, site: str) -> str | None:
        """The id of the provider that answers for `site`, or None for a site nobody has."""
        owners = (provider.id for provider in self.providers if any(one.id == site for one in provider.sites))
        return next(owners, None)


class Eligibility(Data):
    """Who a programme is for; ages in whole months, distances from a due date in days."""

    pregnant: bool
    child_under_months: Annotated[int, Field(ge=0, le=240)]
    days_after_due_date: Annotated[int, Field(ge=0)]
    days_before_due_date: Annotated[int, Field(ge=0)]
    needs_any_of: tuple[Code, ...] = ()


class Conditions(Data):
    """Which coded conditions a programme knows, has a person read, and lets pause its rules."""

    known: tuple[Code, ...]
    review: tuple[Code, ...]
    pause_rules: tuple[Code, ...]


class Band(Data):
    """A band of a score, from `start` (included) to where the next one starts."""

    code: Code
    start: Annotated[int, Field(alias="from", ge=0)]


class RequiredMeasure(Data):
    """A questionnaire the programme asks for, with its own bands."""

    instrument: Code
    version: Code
    required_at: tuple[Stage, ...]
    max: int
    bands: tuple[Band, ...]
    source: str
    excludes: bool

    def band_of(self, value: float) -> str | None:
        """The band of a total or of a mean of totals; None where the programme has no bands.

        Raises `ValueError` below 0 and above `max`.
        """
        if not 0 <= value <= self.max:
            raise ValueError(f"{self.instrument}: outside 0 to {self.max}")
        reached = [band.code for band in self.bands if value >= band.start]
        return reached[-1] if reached else None


class Offer(Data):
    """One kind of support, with the preferences and conditions that speak against it."""

    id: Code
    name: str
    kind: OfferKind
    against_preferences: tuple[Code, ...]
    against_conditions: tuple[Code, ...]


class Signposts(Data):
    """Other help to name: always, and by the reason a programme does not fit."""

    always: tuple[Code, ...]
    by_reason: Mapping[Code, tuple[Code, ...]]


class Programme(Governed):
    """One programme, whole."""

    id: Code
    name: str
    sites: tuple[Code, ...]
    eligibility: Eligibility
    conditions: Conditions
    measures: tuple[RequiredMeasure, ...]
    offers: tuple[Offer, ...]
    signposts: Signposts

    @property
    def rule_version(self) -> str:
        """What a decision records as the version of the rules it used."""
        return f"{self.id}/{self.version}"

    def offer(self, offer: str) -> Offer | None:
        """The offer of this id, or None."""
        return next((one for one in self.offers if one.id == offer), None)

    def measure(self, instrument: str) -> RequiredMeasure | None:
        """What the programme asks of this instrument, or None."""
        return next((one for one in self.measures if one.instrument == instrument), None)

    def signposts_for(self, reasons: tuple[str, ...]) -> tuple[str, ...]:
        """Other help to name for these reasons, never empty: a decline always carries a signpost."""
        found = [code for reason in reasons for code in self.signposts.by_reason.get(reason, ())]
        return tuple(dict.fromkeys([*found, *self.signposts.always]))


class Vocabulary(Governed):
    """The codes people may send as preferences and reasons; anything else is words."""

    preferences: frozenset[Code]
    decision_reasons: frozenset[Code]
    withdrawal_reasons: frozenset[Code]
    missed_reasons: frozenset[Code]
    ending_reasons: frozenset[Code]


class AlertStep(Data):
    """From this item score on, this level."""

    start: Annotated[int, Field(alias="from", ge=1)]
    level: Level


class RiskLevels(Governed):
    """The one table that turns codes, answers and ages into levels (SAFETY S5, S8)."""

    agreed: bool
    unknown: Level
    flags: Mapping[str, LevelOrNone]
    about: Mapping[str, About]
    no_safe_contact: tuple[str, ...]
    conditions: Mapping[Code, LevelOrNone]
    alert_items: Mapping[Code, Mapping[int, tuple[AlertStep, ...]]]
    age_bands: Mapping[AgeBand, LevelOrNone]
    danger: Mapping[Danger, Level]
