"""Whom to tell when somebody breaks the glass, how often it is tried, and in which words."""

from typing import Annotated

import yaml
from pydantic import Field

from services.safeguarding.domain.policy import Data
from shared.events.codes import Code


class Told(Data):
    """Somebody who is told, by mail."""

    id: Code
    email: str


class TellingRules(Data):
    """The whole of rules/break_glass.yaml."""

    version: Code
    source: str
    owner: str
    agreed: bool
    told: Annotated[tuple[Told, ...], Field(min_length=1)]
    first_retry: Annotated[float, Field(gt=0)]
    longest_retry: Annotated[float, Field(gt=0)]
    timeout: Annotated[float, Field(gt=0)]
    subject: str
    body: str

    def retry_after(self, attempts: int) -> float:
        """Seconds to wait after so many failures: doubled each time, never more than the longest."""
        return float(min(self.longest_retry, self.first_retry * 2 ** min(max(attempts - 1, 0), 20)))


def rules_from(text: str) -> TellingRules:
    """The rules in a YAML text. Raises `ValueError` naming the place that does not fit."""
    return TellingRules.model_validate(yaml.safe_load(text))
