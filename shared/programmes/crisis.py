"""The crisis numbers as data with an owner: one place for every page and message. Pure; adapters read the file."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from shared.programmes.model import Data, Governed

SOURCE_LANGUAGE: Final = "en-GB"


class Number(Data):
    """A line, as people dial it."""

    name: str
    number: Annotated[str, Field(pattern=r"^[0-9 ]+$")]


class CrisisText(Data):
    """What is shown in one language. `signed_off` names who answers for the translation; empty means nobody does."""

    direction: Literal["ltr", "rtl"]
    signed_off: str
    heading: str
    danger: str
    numbers: Annotated[tuple[Number, ...], Field(min_length=1)]


class CrisisNumbers(Governed):
    """The whole file. `agreed: false` is shown as "default, not agreed" until its owner sets it."""

    agreed: bool
    languages: Mapping[str, CrisisText]

    @model_validator(mode="after")
    def _same_lines_everywhere(self) -> "CrisisNumbers":
        if SOURCE_LANGUAGE not in self.languages:
            raise ValueError(f"no text in {SOURCE_LANGUAGE}")
        if len({tuple(one.number for one in text.numbers) for text in self.languages.values()}) > 1:
            raise ValueError("the languages name different numbers")
        return self

    def text_in(self, language: str) -> tuple[str, CrisisText]:
        """The language shown, and its text: `language` where a translator signed it off, else English (S14)."""
        found = self.languages.get(language)
        if found is None or not found.signed_off:
            return SOURCE_LANGUAGE, self.languages[SOURCE_LANGUAGE]
        return language, found
