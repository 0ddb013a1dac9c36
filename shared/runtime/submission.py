"""What is handed to the executor, and what it hands back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.recorded import Recorded
from shared.runtime.decider import Input


@dataclass(frozen=True, slots=True)
class Scope:
    """The provider and site a stream belongs to; a stream keeps the scope of its first commit."""

    provider: str
    site: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One input with its cause (effect once per stream and cause) and the claims it makes (unique for ever).

    `digest` is an HMAC of the caller's canonical body: the same claim with another digest is another request.
    `creates` says that the stream is new, so that loading it can be skipped.
    `not_before` is a deadline's instant: it is decided at max(clock, not_before), so a slow clock cannot miss it.
    """

    input: Input
    cause: UUID
    scope: Scope | None = None
    correlation: UUID | None = None
    claims: tuple[str, ...] = ()
    digest: str | None = None
    creates: bool = False
    not_before: datetime | None = None


class Outcome:
    """What an input led to: its events (none: nothing to do), the stream's version after, and if it was a repeat.

    Most callers want the version alone, so `recorded` may be given as the work of making it, done when it is read.
    """

    __slots__ = ("_recorded", "repeated", "stream", "version")

    def __init__(
        self,
        stream: str,
        version: int,
        recorded: tuple[Recorded, ...] | Callable[[], tuple[Recorded, ...]],
        repeated: bool = False,
    ) -> None:
        self.stream = stream
        self.version = version
        self.repeated = repeated
        self._recorded = recorded

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        """The input's own events, in order."""
        if callable(self._recorded):
            self._recorded = self._recorded()
        return self._recorded

    def again(self) -> "Outcome":
        """The same answer, given to a repeat."""
        return Outcome(self.stream, self.version, self._recorded, repeated=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.stream, self.version))

    def __repr__(self) -> str:
        return f"Outcome({self.stream!r}, {self.version}, {len(self.recorded)} events, repeated={self.repeated})"

    def _parts(self) -> tuple[object, ...]:
        return self.stream, self.version, self.recorded, self.repeated
