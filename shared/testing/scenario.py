"""Given, when, then for a pure core: the way every decision of a service is tested."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.events.event import Event
from shared.events.refusal import Rejected
from shared.runtime.decider import Decider, Input


@dataclass(frozen=True)
class Scenario:
    """`Scenario(decider).given(*events).when(asked, now=...) == [events]`, or `.rejects(code)`."""

    decider: Decider[Any, Any]
    past: tuple[Event, ...] = ()

    def given(self, *events: Event) -> "Scenario":
        """What happened before, oldest first."""
        return Scenario(self.decider, (*self.past, *events))

    @property
    def state(self) -> Any:
        """The state the past leads to."""
        state = self.decider.initial
        for event in self.past:
            state = self.decider.evolve(state, event)
        return state

    def when(self, asked: Input, *, now: datetime) -> "Then":
        """Ask the core one thing at `now`."""
        try:
            return Then(events=list(self.decider.decide(asked, self.state, now=now)))
        except Rejected as refusal:
            return Then(refusal=refusal)

    def due(self) -> datetime | None:
        """When the state wants to be woken."""
        return self.decider.due(self.state) if self.decider.due else None


@dataclass(frozen=True, eq=False)
class Then:
    """What the core answered; compare it with the events expected, or ask which code it refused with."""

    events: list[Event] = field(default_factory=list)
    refusal: Rejected | None = None

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Then):
            return self.events == other.events and self.code == other.code
        return self.refusal is None and isinstance(other, Sequence) and self.events == list(other)

    @property
    def code(self) -> str | None:
        """The refusal's code, None when it was not refused."""
        return self.refusal.code if self.refusal else None

    def rejects(self, code: str) -> bool:
        """Whether it refused with `code`; anything else fails the test at once, saying what came instead."""
        if self.code != code:
            raise AssertionError(f"expected a refusal {code!r}, got {self.code or self.events!r}")
        return True
