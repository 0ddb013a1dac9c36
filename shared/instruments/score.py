"""Scoring: from item scores to totals, bands and alerts. A total exists only for a scale with no item missing."""

from collections.abc import Mapping
from decimal import Decimal

from shared.instruments.model import Instrument, Scale


class BadMeasure(ValueError):
    """Answers that the questionnaire cannot have given; the message names items and scales, never scores."""


def score(instrument: Instrument, items: Mapping[int, int]) -> dict[str, int]:
    """Scale name to total, only for scales whose every item is there; nothing is pro-rated.

    `items` are scores as the questionnaire's authors count them (reversed items already turned). Raises `BadMeasure`.
    """
    _check_items(instrument, items)
    return {
        scale.id: sum(items[number] for number in scale.items)
        for scale in instrument.scales
        if all(number in items for number in scale.items)
    }


def missing_items(instrument: Instrument, items: Mapping[int, int]) -> dict[str, tuple[int, ...]]:
    """Scale name to the item numbers nobody answered; scales with none missing are left out."""
    gaps = {scale.id: tuple(n for n in scale.items if n not in items) for scale in instrument.scales}
    return {name: numbers for name, numbers in gaps.items() if numbers}


def alerts(instrument: Instrument, items: Mapping[int, int]) -> tuple[int, ...]:
    """The alert items answered above 0, on a partial or otherwise faulty form too; never raises (SAFETY S3)."""
    return tuple(number for number in instrument.alert_items if items.get(number, 0) > 0)


def scores_from_positions(instrument: Instrument, positions: Mapping[int, int]) -> dict[int, int]:
    """Item scores from the place of the answer chosen, the first printed answer being 0; raises `BadMeasure`.

    Reversed items are turned here, so that the first answer of such an item gets the highest score.
    """
    lowest, highest = instrument.item_scores.lowest, instrument.item_scores.highest
    turned = {
        number: highest - place if number in instrument.reversed_items else lowest + place
        for number, place in positions.items()
    }
    _check_items(instrument, turned)
    return turned


def settled_totals(instrument: Instrument, *, items: Mapping[int, int], totals: Mapping[str, int]) -> dict[str, int]:
    """What is recorded when a form brings items, totals, or both; both must agree. Raises `BadMeasure`."""
    scored = score(instrument, items)
    for name, total in totals.items():
        _check_total(instrument, scale_of(instrument, name), total)
        if scored.get(name, total) != total:
            raise BadMeasure(f"{instrument.id}: the total of {name} is not the sum of its items")
    return {**totals, **scored}


def band_of(instrument: Instrument, scale: str, value: Decimal | float) -> str | None:
    """The band of a total, or of a mean of totals; bands are half-open. None where the authors publish none.

    Raises `BadMeasure` for an unknown scale and for a value outside the scale's range.
    """
    found = scale_of(instrument, scale)
    _check_total(instrument, found, value)
    reached = [band.code for band in found.bands if value >= band.start]
    return reached[-1] if reached else None


def metric_of(instrument: Instrument, scale: str, total: int) -> Decimal | None:
    """The reported value of a raw total, where the scale has a table for it; raises `BadMeasure`."""
    found = scale_of(instrument, scale)
    _check_total(instrument, found, total)
    return found.metric[total - instrument.range_of(found)[0]] if found.metric else None


def improved(instrument: Instrument, before: Decimal | float, after: Decimal | float) -> bool:
    """Whether `after` is better than `before` in the questionnaire's own direction; equal is not better."""
    return after < before if instrument.better == "lower" else after > before


def scale_of(instrument: Instrument, scale: str) -> Scale:
    """The scale of this name; raises `BadMeasure`."""
    found = next((one for one in instrument.scales if one.id == scale), None)
    if found is None:
        raise BadMeasure(f"{instrument.id}: no such scale")
    return found


def _check_items(instrument: Instrument, items: Mapping[int, int]) -> None:
    known = {number for scale in instrument.scales for number in scale.items}
    allowed = range(instrument.item_scores.lowest, instrument.item_scores.highest + 1)
    if not items.keys() <= known:
        raise BadMeasure(f"{instrument.id}: an item number it does not have")
    wrong = sorted(number for number, answer in items.items() if answer not in allowed)
    if wrong:
        raise BadMeasure(f"{instrument.id}: outside {allowed[0]} to {allowed[-1]}: item {', '.join(map(str, wrong))}")


def _check_total(instrument: Instrument, scale: Scale, value: Decimal | float) -> None:
    lowest, highest = instrument.range_of(scale)
    if not lowest <= value <= highest:
        raise BadMeasure(f"{instrument.id}: {scale.id} outside {lowest} to {highest}")
