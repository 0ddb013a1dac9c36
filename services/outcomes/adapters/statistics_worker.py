"""The paired t test, in a process that ends with its answer: scipy would keep 95 MB in the service.

`python -m services.outcomes.adapters.statistics_worker` reads one JSON object {"differences": [...]} and writes one.
"""

import json
import sys
from collections.abc import Sequence
from typing import TypedDict


class Tested(TypedDict):
    """95% confidence interval of the mean difference, and p; p is None where all differences are equal."""

    low: float
    high: float
    p: float | None


def paired(differences: Sequence[float]) -> Tested:
    """Student's paired t test on two or more differences."""
    if len(set(differences)) == 1:
        return {"low": float(differences[0]), "high": float(differences[0]), "p": None}
    from scipy import stats  # noqa: PLC0415 - only in this process

    tested = stats.ttest_1samp(differences, 0.0)
    interval = tested.confidence_interval(0.95)
    return {"low": float(interval.low), "high": float(interval.high), "p": float(tested.pvalue)}


def main() -> None:
    """Answer the one question on standard input."""
    asked = json.load(sys.stdin)
    json.dump(paired(asked["differences"]), sys.stdout)


if __name__ == "__main__":
    main()
