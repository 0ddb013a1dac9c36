"""Repeats inside one batch; a unique index compares documents, not what one of them holds (docs/decisions/0001)."""

from collections.abc import Sequence
from typing import Any

from shared.runtime.batch import AGAIN
from shared.runtime.deciding import Answer, Asked
from shared.runtime.errors import KeyReused
from shared.runtime.submission import Outcome


def leaders(asked: Sequence[Asked]) -> dict[int, int]:
    """Which items repeat an earlier one by (stream, cause) or by a claim: index of the repeat to index of the first."""
    seen: dict[Any, int] = {}
    repeats: dict[int, int] = {}
    for index, one in enumerate(asked):
        names = ((one.stream, one.submission.cause.int), *one.submission.claims)
        first = next((seen[name] for name in names if name in seen), None)
        if first is None:
            for name in names:
                seen[name] = index
        else:
            repeats[index] = first
    return repeats


def follow(repeat: Asked, first: Asked, answer: Answer) -> Answer:
    """A repeat's answer, from the first one's: the same for the same request, else as if it had come later."""
    if repeat.submission.digest == first.submission.digest:
        if isinstance(answer, Outcome) and answer.recorded:
            return answer.again()
        return answer
    if isinstance(answer, Outcome) and answer.recorded:
        return KeyReused()
    return AGAIN
