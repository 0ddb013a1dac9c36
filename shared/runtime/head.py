"""Where a stream stands: its state and version, folded from its commits or kept from the last batch."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.recorded import Recorded
from shared.runtime.commit import Commit, events_of, recorded
from shared.runtime.decider import Decider
from shared.runtime.submission import Scope


@dataclass(frozen=True, slots=True)
class Head:
    """A stream's state at `version`. `history` is what it was folded from, or None where it was only remembered."""

    state: Any
    version: int
    scope: Scope | None = None
    recorded_at: datetime | None = None
    history: tuple[Commit, ...] | None = None

    def taken(self, cause: UUID) -> list[Recorded] | None:
        """The events of the input with this cause, if the history holds it."""
        for commit in self.history or ():
            if cause in commit.causes:
                return [event for event in recorded(commit) if event.cause == cause]
        return None


def unwritten(decider: Decider[Any, Any]) -> Head:
    """The head of a stream that is believed to be new; its history was not looked at."""
    return Head(decider.initial, 0)


def folded(decider: Decider[Any, Any], commits: Sequence[Commit]) -> Head:
    """The head after all of `commits`. Raises `UnknownHistory` for an event this version does not know."""
    state = decider.initial
    for commit in commits:
        for event in events_of(commit):
            state = decider.evolve(state, event)
    if not commits:
        return Head(state, 0, history=())
    last = commits[-1]
    return Head(state, last.last_version, Scope(last.provider, last.site), last.recorded_at, tuple(commits))


class Cache:
    """The heads last written by this process, fewest uses dropped first; never more than a hint."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heads: OrderedDict[str, Head] = OrderedDict()

    def get(self, stream: str) -> Head | None:
        """The remembered head."""
        head = self._heads.get(stream)
        if head is not None:
            self._heads.move_to_end(stream)
        return head

    def put(self, stream: str, head: Head) -> None:
        """Remember a head that was just written."""
        self._heads[stream] = head
        self._heads.move_to_end(stream)
        if len(self._heads) > self._size:
            self._heads.popitem(last=False)

    def forget(self, stream: str) -> None:
        """Somebody else wrote this stream."""
        self._heads.pop(stream, None)
