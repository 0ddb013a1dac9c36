"""Looks for a worry in a message whatever is wrong with the rest of it (SAFETY S3, S4, S27), as well as it can.

It walks any JSON, ours or FHIR, and over-finds rather than misses: the record it feeds reaches a person, who can judge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from services.referral.domain.policy import age_band_on
from shared.events.codes import AgeBand
from shared.programmes.model import RiskLevels

DEEPEST = 60
UNSPECIFIED_FLAG = "U"
"""Source: safeguarding-codes-bars, "unspecified"; a flag somebody sent without a readable code is still a flag."""


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire as far as it can be read."""

    instrument: str
    items: dict[int, int]


@dataclass(slots=True)
class Salvaged:
    """Everything in a message that may be a worry, and the site it names."""

    flags: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    measures: list[Form] = field(default_factory=list)
    age_band: AgeBand = "unknown"
    site: str | None = None


def read_json(body: bytes) -> Any:
    """The body as JSON, in any of the encodings JSON may have; raises `ValueError` when it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.loads(body.decode("utf-8-sig").encode())


def salvage(tree: Any, *, risk: RiskLevels, day: date) -> Salvaged:
    """What may be a worry anywhere in `tree`."""
    found = Salvaged()
    for node in _objects(tree):
        _look_at_lists(node, found)
        _look_at_codings(node, found, risk)
        _look_at_form(node, found)
        born = _date(node.get("birth_date")) or (_date(node.get("birthDate")) if _is(node, "Patient") else None)
        if born:
            found.age_band = age_band_on(day, born)
    if isinstance(tree, dict) and isinstance(tree.get("site"), str):
        found.site = tree["site"]
    return found


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in `tree`, without recursion, so that no depth can break it."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            continue
        if isinstance(node, dict):
            yield node
            waiting += [(part, depth + 1) for part in node.values()]
        elif isinstance(node, list):
            waiting += [(part, depth + 1) for part in node]


def _look_at_lists(node: Mapping[str, Any], found: Salvaged) -> None:
    """Our own fields, also with their names in another case or with one value where a list belongs."""
    for name, value in node.items():
        bare = name.strip().lower()
        if bare in ("flags", "flag"):
            found.flags += _codes(value)
        elif bare in ("conditions", "condition"):
            found.conditions += _codes(value)


def _codes(value: Any) -> list[str]:
    """The codes in a value that may be one code, a list of them, or a list of objects with a code in them."""
    if isinstance(value, list):
        return [code for part in value for code in _codes(part)]
    if isinstance(value, dict):
        return _codes(value.get("code", ""))
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)]
    return [value] if isinstance(value, str) and value.strip() else []


def _look_at_codings(node: Mapping[str, Any], found: Salvaged, risk: RiskLevels) -> None:
    """A code of the risk table counts wherever it stands; a safeguarding Flag counts also without one."""
    code = node.get("code")
    if isinstance(code, str) and "system" in node and code.strip() in risk.flags:
        found.flags.append(code)
    if isinstance(code, str) and "system" in node and code.strip() in risk.conditions:
        found.conditions.append(code)
    if _is(node, "Flag") and _is_safeguarding(node):
        found.flags += _codes(_codings(node.get("code"))) or [UNSPECIFIED_FLAG]


def _is(node: Mapping[str, Any], kind: str) -> bool:
    return node.get("resourceType") == kind


def _is_safeguarding(flag: Mapping[str, Any]) -> bool:
    """A Flag of category SG; one whose category cannot be read counts as one."""
    codes = [code for concept in _many(flag.get("category")) for code in _codes(_codings(concept))]
    return "SG" in codes or not codes


def _codings(concept: Any) -> Any:
    return concept.get("coding", []) if isinstance(concept, dict) else []


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _look_at_form(node: Mapping[str, Any], found: Salvaged) -> None:
    if isinstance(node.get("instrument"), str):
        items = node.get("items")
        scores = {str(number): score for number, score in items.items()} if isinstance(items, dict) else {}
        found.measures.append(Form(node["instrument"], _scores(scores)))
    elif _is(node, "QuestionnaireResponse") and isinstance(node.get("questionnaire"), str):
        instrument, _ = questionnaire_of(node["questionnaire"])
        found.measures.append(Form(instrument, _scores(dict(answers_in(node.get("item"))))))


def _scores(answers: Mapping[str, Any]) -> dict[int, int]:
    return {
        int(number): int(score)
        for number, score in answers.items()
        if number.isascii() and number.isdigit() and _is_number(score)
    }


def _is_number(score: Any) -> bool:
    return (isinstance(score, int) and not isinstance(score, bool)) or (isinstance(score, str) and score.isdecimal())


def questionnaire_of(canonical: str) -> tuple[str, str]:
    """Instrument and version of a questionnaire's address, ".../PHQ-9|1"; version "1" where none is said."""
    address, _, version = canonical.partition("|")
    return address.rstrip("/").rsplit("/", 1)[-1], version or "1"


def answers_in(items: Any) -> Iterator[tuple[str, Any]]:
    """Each linkId with its first answer, through groups of any depth; "item-9" and "9" are the same item."""
    waiting = _many(items)
    for _ in range(10_000):
        if not waiting:
            return
        item = waiting.pop(0)
        if not isinstance(item, dict):
            continue
        name = str(item.get("linkId", "")).strip().lower()
        for answer in _many(item.get("answer"))[:1]:
            if isinstance(answer, dict):
                yield name.removeprefix("item-").lstrip("/"), _value(answer)
        waiting += _many(item.get("item"))


def _value(answer: Mapping[str, Any]) -> Any:
    coding = answer.get("valueCoding")
    if isinstance(coding, dict):
        return coding.get("code")
    return answer.get("valueInteger", answer.get("valueDecimal", answer.get("valueString")))


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
