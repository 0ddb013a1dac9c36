"""The shape of rules/bars.yaml: strict, so that a misspelt code stops the service from starting."""

from collections.abc import Mapping

import yaml

from shared.events.codes import Code, Source
from shared.programmes.model import Data, Governed


class Door(Data):
    """The site and programme a service identifier stands for."""

    site: Code
    programme: Code | None = None


class Observed(Data):
    """Where a coded observation belongs: one item of a questionnaire, or one of its totals."""

    instrument: Code
    item: int | None = None
    total: Code | None = None


class Profile(Governed):
    """Everything the FHIR door knows that is not FHIR."""

    software: str
    core_versions: tuple[str, ...]
    message_versions: tuple[str, ...]
    use_case: Code
    use_case_system: str
    endpoint: str
    national_use_cases: frozenset[str]
    services: Mapping[str, Door]
    conformance_service: Door
    sources: Mapping[str, Source]
    conditions: Mapping[str, Code]
    due_date: str
    observations: Mapping[str, Observed]


def profile_from(text: str) -> Profile:
    """Read the file. Raises `ValueError` for anything that is not as the shape says."""
    return Profile.model_validate(yaml.safe_load(text))
