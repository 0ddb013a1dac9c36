"""How urgent a worry is, by the risk table; it may only ever be raised here, a person lowers it (SAFETY S5, S8)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from shared.events.codes import About, AgeBand, Level
from shared.events.concept_id import is_concept_id
from shared.programmes.model import Danger, LevelOrNone, RiskLevels

_ORDER: dict[LevelOrNone, int] = {"none": 0, "history": 1, "today": 2, "now": 3}
UNSPECIFIED = "unspecified"
_AGE = "age/"


def highest(levels: Iterable[Level]) -> Level | None:
    """The most urgent of `levels`; None when there is none."""
    return max(levels, key=lambda level: _ORDER[level], default=None)


def level_of_flag(table: RiskLevels, code: str) -> Level | None:
    """The level of a safeguarding flag; None only for flags the table says are none.

    A code of another list sent as a flag is at least as urgent as an unknown one.
    """
    if known := table.flags.get(code.strip()):
        return _some(known)
    elsewhere = _some(table.conditions.get(code.strip(), "none"))
    return highest((table.unknown, elsewhere or table.unknown))


def about_of(table: RiskLevels, code: str) -> About:
    """Who the worry behind a code of `signals_in` is about, by kind; "unknown" where the code does not tell."""
    if code.startswith(_AGE):
        return "child"  # a person under 18 who is referred is a child herself (SAFETY S8)
    known = code in table.conditions or code.split("/", 1)[0] in table.alert_items
    return table.about.get(code.strip(), "adult" if known else "unknown")


def level_of_condition(table: RiskLevels, code: str) -> Level | None:
    """The level of a coded condition, which may be a flag's code sent in the wrong place (SAFETY S4).

    An unknown code gets the table's level for unknown codes.
    """
    return _some(table.conditions.get(code.strip()) or table.flags.get(code.strip(), table.unknown))


def level_of_danger(table: RiskLevels, in_danger: Danger) -> Level:
    """The level of the answer to "is anyone in danger now?" (SAFETY S19)."""
    return table.danger[in_danger]


def forbids_contact(table: RiskLevels, flags: Iterable[str]) -> bool:
    """Whether a flag sets "safe to contact" to no (SAFETY S9)."""
    return any(code.strip() in table.no_safe_contact for code in flags)


class Answered(Protocol):
    """A questionnaire as far as risk needs it; an event's `Measure` is one, and so is a form that fits nothing else."""

    @property
    def instrument(self) -> str:
        """Which questionnaire, in any spelling."""
        ...

    @property
    def items(self) -> Mapping[int, int]:
        """Item number to score."""
        ...


def alerts_in(table: RiskLevels, measure: Answered) -> list[tuple[str, Level]]:
    """The alert items of one questionnaire that were answered above 0, as (code, level).

    A partial form alerts, and so does a score above the item's range: the worry comes before the form (SAFETY S3).
    """
    wanted = _bare(measure.instrument)
    found: list[tuple[str, Level]] = []
    for name, items in table.alert_items.items():
        for number, steps in items.items() if _bare(name) == wanted else ():
            level = highest(step.level for step in steps if measure.items.get(number, 0) >= step.start)
            if level:
                found.append((f"{name}/item-{number}", level))
    return found


def signals_in(
    table: RiskLevels,
    *,
    flags: Sequence[str] = (),
    conditions: Sequence[str] = (),
    measures: Sequence[Answered] = (),
    age_band: AgeBand = "unknown",
) -> list[tuple[str, Level]]:
    """Every worry in an input as (code, level), most urgent first, each code once (SAFETY S6).

    Adding anything never lowers or removes what was there. A code that is neither in the table nor the id of a concept
    may be anything a stranger wrote: it counts, and is called "unspecified".
    """
    found = [(_name(table, code), level_of_flag(table, code)) for code in flags]
    found += [(_name(table, code), level_of_condition(table, code)) for code in conditions]
    found += [alert for measure in measures for alert in alerts_in(table, measure)]
    found.append((f"{_AGE}{age_band}", _some(table.age_bands.get(age_band, "none"))))
    worst: dict[str, Level] = {}
    for name, level in found:
        if level:
            worst[name] = highest((level, worst.get(name, level))) or level
    return sorted(worst.items(), key=lambda pair: -_ORDER[pair[1]])


def _name(table: RiskLevels, code: str) -> str:
    stripped = code.strip()
    known = stripped in table.flags or stripped in table.conditions or is_concept_id(stripped)
    return stripped if known else UNSPECIFIED


def _some(level: LevelOrNone) -> Level | None:
    return None if level == "none" else level


def _bare(instrument: str) -> str:
    return "".join(character for character in instrument.lower() if character.isalnum())
