"""From the text of the data files to checked, frozen values; whoever may touch files hands in the text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import yaml
from pydantic import ValidationError

from shared.programmes.crisis import CrisisNumbers
from shared.programmes.model import Data, Programme, RiskLevels, Sites, Vocabulary

SITES_FILE = "sites.yaml"
RISK_FILE = "risk_levels.yaml"
VOCABULARY_FILE = "vocabulary.yaml"
CRISIS_FILE = "crisis_numbers.yaml"
PROGRAMME_FILES = ("parents_in_mind.yaml", "mums_in_mind.yaml", "birth_and_beyond.yaml")

D = TypeVar("D", bound=Data)


class BadData(ValueError):
    """A data file does not say what it must; the message names the place."""


@dataclass(frozen=True, slots=True)
class ProgrammeData:
    """Everything the services know about programmes, sites, levels of risk and codes.

    `conditions` are the coded conditions that some rule knows, `offers` those of any site or programme.
    """

    sites: Sites
    programmes: Mapping[str, Programme]
    risk: RiskLevels
    vocabulary: Vocabulary
    conditions: frozenset[str]
    offers: frozenset[str]


def load(read: Callable[[str], str]) -> ProgrammeData:
    """Read all data files through `read` (file name to text); raises `BadData`, or whatever `read` raises."""
    sites = sites_from(read(SITES_FILE))
    programmes = {programme.id: programme for programme in map(programme_from, map(read, PROGRAMME_FILES))}
    for programme in programmes.values():
        unknown = [site for site in programme.sites if sites.site(site) is None]
        if unknown:
            raise BadData(f"{programme.id}: no such site: {', '.join(unknown)}")
    risk = risk_levels_from(read(RISK_FILE))
    return ProgrammeData(
        sites=sites,
        programmes=programmes,
        risk=risk,
        vocabulary=vocabulary_from(read(VOCABULARY_FILE)),
        conditions=frozenset({*_conditions_of(programmes.values()), *risk.conditions}),
        offers=frozenset(_offers_of(sites, programmes.values())),
    )


def _conditions_of(programmes: Iterable[Programme]) -> Iterator[str]:
    for one in programmes:
        yield from (*one.conditions.known, *one.conditions.review, *one.conditions.pause_rules)
        yield from one.eligibility.needs_any_of


def _offers_of(sites: Sites, programmes: Iterable[Programme]) -> Iterator[str]:
    for provider in sites.providers:
        for site in provider.sites:
            yield from site.offers
    for one in programmes:
        yield from (offer.id for offer in one.offers)


def sites_from(text: str) -> Sites:
    """The providers and their sites; raises `BadData`."""
    return _from(text, Sites)


def programme_from(text: str) -> Programme:
    """One programme; raises `BadData`."""
    return _from(text, Programme)


def risk_levels_from(text: str) -> RiskLevels:
    """The risk table; raises `BadData`."""
    return _from(text, RiskLevels)


def vocabulary_from(text: str) -> Vocabulary:
    """The codes people may send; raises `BadData`."""
    return _from(text, Vocabulary)


def crisis_numbers_from(text: str) -> CrisisNumbers:
    """The numbers to ring in danger or distress; raises `BadData`."""
    return _from(text, CrisisNumbers)


def _from(text: str, shape: type[D]) -> D:
    try:
        return shape.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as invalid:
        raise BadData(f"{shape.__name__}: {invalid}") from invalid
