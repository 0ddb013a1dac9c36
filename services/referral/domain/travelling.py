"""What a sender calls a code travels only where some rule knows it; anything else is words, for the vault and a reader.

A code that anybody may make up could hold a name, and would then be on every topic for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.events.codes import Measure
from shared.instruments.model import Instrument
from shared.programmes.load import ProgrammeData


@dataclass(frozen=True, slots=True)
class Travelling:
    """What may travel, and what was sent beside it, by field."""

    conditions: tuple[str, ...]
    preferences: tuple[str, ...]
    measures: tuple[Measure, ...]
    unknown: Mapping[str, Sequence[object]]


def travelling(
    data: ProgrammeData,
    instruments: Mapping[str, Instrument],
    *,
    conditions: Iterable[str],
    measures: Iterable[Measure],
    preferences: Iterable[str] = (),
) -> Travelling:
    """Sort what was sent; repeats fall away, order stays."""
    coded, wished, asked = tuple(dict.fromkeys(conditions)), tuple(dict.fromkeys(preferences)), tuple(measures)
    known = data.conditions
    other: dict[str, Sequence[object]] = {
        "conditions": [code for code in coded if code not in known],
        "preferences": [code for code in wished if code not in data.vocabulary.preferences],
        "measures": [one.model_dump(mode="json") for one in asked if not is_known(instruments, one)],
    }
    return Travelling(
        conditions=tuple(code for code in coded if code in known),
        preferences=tuple(code for code in wished if code in data.vocabulary.preferences),
        measures=tuple(one for one in asked if is_known(instruments, one)),
        unknown={name: values for name, values in other.items() if values},
    )


def is_known(instruments: Mapping[str, Instrument], measure: Measure) -> bool:
    """Whether instrument, version and every scale are ours; whether the scores are possible is triage's to say."""
    instrument = instruments.get(measure.instrument)
    if instrument is None or instrument.version != measure.version:
        return False
    return measure.totals.keys() <= {scale.id for scale in instrument.scales}
