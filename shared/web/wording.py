"""The words that belong to no one service: data with an owner, checked when the first page is made."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import Field, model_validator

from shared.programmes.crisis import CrisisNumbers
from shared.programmes.load import CRISIS_FILE, SITES_FILE, crisis_numbers_from, sites_from
from shared.programmes.model import Data, Governed, Sites

OTHER = "other"


class Leaving(Data):
    """Where "Exit this page" leads, what the tab says meanwhile, and what leaving cannot do."""

    to: Annotated[str, Field(pattern=r"^https://")]
    title: str
    limits: str


class Refusal(Data):
    """A page that says no: what happened, without a word about anybody, and what to do next."""

    title: str
    happened: str
    next: str


class Wording(Governed):
    """The whole file. `agreed: false` is shown as "default, not agreed" until its owner sets it."""

    agreed: bool
    roles: Mapping[str, str]
    leaving: Leaving
    refusals: Mapping[str, Refusal]
    faults: Mapping[str, str]

    @model_validator(mode="after")
    def _always_something_to_say(self) -> "Wording":
        if OTHER not in self.refusals or OTHER not in self.faults:
            raise ValueError(f"refusals and faults both need {OTHER!r}")
        return self

    def refusal(self, status: int) -> Refusal:
        """What the page of an answer of this status says."""
        return self.refusals.get(str(status), self.refusals[OTHER])

    def fault(self, reason: str) -> str:
        """What a field says whose answer cannot be taken for pydantic's `reason`."""
        return self.faults.get(reason, self.faults[OTHER])


@cache
def wording() -> Wording:
    """The words as shipped. Raises `pydantic.ValidationError`."""
    return Wording.model_validate(yaml.safe_load(_text("shared.web", "wording.yaml")))


@cache
def crisis_numbers() -> CrisisNumbers:
    """The numbers as shipped. Raises `BadData`."""
    return crisis_numbers_from(_text("shared.programmes", CRISIS_FILE))


@cache
def sites() -> Sites:
    """The sites as shipped, for their names. Raises `BadData`."""
    return sites_from(_text("shared.programmes", SITES_FILE))


def _text(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text("utf-8")
