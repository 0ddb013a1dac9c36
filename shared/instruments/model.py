"""What a questionnaire is to us: item numbers, scales, bands and a direction; its wording stays with its licence."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.events.codes import Code, ItemNumber

FILES = ("hads.yaml", "phq_9.yaml", "gad_7.yaml", "epds.yaml", "core_10.yaml", "wemwbs.yaml", "swemwbs.yaml")


class BadInstrument(ValueError):
    """A file does not describe a questionnaire; the message names the place."""


class Data(BaseModel):
    """A piece of a questionnaire's description."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Band(Data):
    """A band of a total, from `start` (included) to where the next one starts."""

    code: Code
    start: Annotated[int, Field(alias="from", ge=0)]


class Change(Data):
    """How many points count as a change, and who says so."""

    points: Decimal
    source: str


class ItemScores(Data):
    """The scores one item may have."""

    lowest: Annotated[int, Field(ge=0)]
    highest: Annotated[int, Field(le=99)]


class Scale(Data):
    """Some items that are added up; `metric` converts each raw total in turn, where the scale has such a table."""

    id: Code
    items: tuple[ItemNumber, ...]
    bands: tuple[Band, ...]
    caseness: int | None = None
    change: Change
    metric: tuple[Decimal, ...] = ()


class Instrument(Data):
    """One version of one questionnaire."""

    id: Code
    version: Code
    name: str
    source: str
    owner: str
    item_text: Literal["licensed", "registration", "unmodified_only", "free"]
    better: Literal["lower", "higher"]
    item_scores: ItemScores
    missing_items: Literal["no_total"]
    reversed_items: tuple[ItemNumber, ...]
    scales: tuple[Scale, ...]
    alert_items: tuple[ItemNumber, ...]

    @model_validator(mode="after")
    def _numbers_fit_together(self) -> "Instrument":
        scored = {item for scale in self.scales for item in scale.items}
        if not {*self.reversed_items, *self.alert_items} <= scored:
            raise ValueError("an item is named that no scale holds")
        for scale in self.scales:
            starts = [band.start for band in scale.bands]
            lowest, highest = self.range_of(scale)
            if starts != sorted(set(starts)) or (starts and (starts[0] != lowest or starts[-1] > highest)):
                raise ValueError(f"{scale.id}: the bands do not cover the range in order")
            if scale.metric and len(scale.metric) != highest - lowest + 1:
                raise ValueError(f"{scale.id}: the metric table has another length than the range")
        return self

    def range_of(self, scale: Scale) -> tuple[int, int]:
        """The lowest and highest total of a scale."""
        return len(scale.items) * self.item_scores.lowest, len(scale.items) * self.item_scores.highest


def instrument_from(text: str) -> Instrument:
    """One questionnaire from the text of its file; raises `BadInstrument`."""
    try:
        return Instrument.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as invalid:
        raise BadInstrument(str(invalid)) from invalid


def load(read: Callable[[str], str]) -> Mapping[str, Instrument]:
    """Every questionnaire by id, its file read through `read` (file name to text)."""
    return {instrument.id: instrument for instrument in map(instrument_from, map(read, FILES))}
