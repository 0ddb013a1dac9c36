"""How a service's pure core is handed to the executor: one decider per kind of stream."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from shared.events.event import Event

S = TypeVar("S")
I = TypeVar("I", bound="Input")  # noqa: E741 - the field's own letter for an input


class Input(Protocol):
    """Anything a core is asked: it knows the one stream that decides it."""

    @property
    def stream(self) -> str:
        """The stream that decides this input, "<kind>/<id>"."""
        ...


class Decide(Protocol):
    """The signature of every `decide`."""

    def __call__(self, asked: Any, state: Any, /, *, now: datetime) -> list[Event]:
        """Return the events that follow, raise `Rejected`, or return [] to stay quiet."""
        ...


@dataclass(frozen=True, slots=True)
class Decider(Generic[I, S]):
    """One kind of stream: where it starts, how it decides, how it remembers, and when it must be woken.

    `due` gives the instant at which `wake(stream, due_at)` is to be submitted, or None.
    """

    kind: str
    initial: S
    decide: Decide
    evolve: Callable[[S, Event], S]
    due: Callable[[S], datetime | None] | None = None
    wake: Callable[[str, datetime], I] | None = None
