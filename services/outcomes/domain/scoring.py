"""Totals and bands of the questionnaires, from their published descriptions."""

from collections.abc import Mapping
from fractions import Fraction

from services.outcomes.domain.reading import TotalsOf
from shared.instruments.model import Instrument
from shared.instruments.score import BadMeasure, band_of, score


def instrument_named(instruments: Mapping[str, Instrument], name: str) -> Instrument | None:
    """The instrument of this name, however its hyphens and capitals are written."""
    wanted = _bare(name)
    return next((one for one in instruments.values() if _bare(one.id) == wanted), None)


def totals_from(instruments: Mapping[str, Instrument]) -> TotalsOf:
    """Scores items with these instruments; unknown instruments and faulty items give no totals, never an exception."""

    def totals_of(name: str, items: Mapping[int, int]) -> Mapping[str, int]:
        instrument = instrument_named(instruments, name)
        if instrument is None or not items:
            return {}
        try:
            return score(instrument, items)
        except BadMeasure:
            return {}

    return totals_of


def band_of_mean(instrument: Instrument, scale: str, mean: Fraction) -> str | None:
    """The band a mean falls in (R112), or None where the authors publish no bands. Raises `BadMeasure`."""
    return band_of(instrument, scale, float(mean))


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
