"""What the demo prints: durations as percentiles, the funnel and the change table in plain columns."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie, by nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked)) - 1))]


def durations(name: str, seconds: Sequence[float]) -> str:
    """p50, p99 and max of durations in milliseconds, with n."""
    if not seconds:
        return f"{name}: none measured"
    p50, p99 = percentile(seconds, 0.5) * 1000, percentile(seconds, 0.99) * 1000
    return f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {max(seconds) * 1000:.0f} ms (n={len(seconds)})"


def table(console: Console, title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows with equal keys as a table."""
    printed = Table(title=title, title_justify="left")
    for column in rows[0]:
        printed.add_column(column)
    for row in rows:
        printed.add_row(*(str(value) for value in row.values()))
    console.print(printed)
