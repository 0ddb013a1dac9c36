"""What the supervisor needs to know about one process: how it starts, when it is ready, what it waits for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def nothing() -> None:
    """The default of the two steps a unit may have."""


@dataclass(frozen=True)
class Unit:
    """One process of the stack.

    `prepare` runs before each start, `settle` once, at the first time it is ready. `after` names units that must be
    ready (or held) first. `grace_s` is how long it may drain after SIGTERM before SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    prepare: Callable[[], None] = nothing
    settle: Callable[[], None] = nothing
    grace_s: float = 12.0
