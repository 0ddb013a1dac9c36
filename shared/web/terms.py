"""What pages say for a code: data with an owner."""

from collections.abc import Mapping

import yaml
from pydantic import BaseModel, ConfigDict


class Terms(BaseModel):
    """A service's rules/words.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    source: str
    owner: str
    agreed: bool
    standing: str
    codes: Mapping[str, str]
    faults: Mapping[str, str]

    def of(self, code: str | None) -> str:
        """The words for a code."""
        return self.codes.get(code or "", (code or "").replace("_", " "))


def terms_from(text: str) -> Terms:
    """The words in a YAML text. Raises `pydantic.ValidationError`."""
    return Terms.model_validate(yaml.safe_load(text))
