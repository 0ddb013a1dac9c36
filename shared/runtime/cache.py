"""The states of the streams an instance touched last, so that the next input needs no load."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.runtime.submission import Scope


@dataclass(frozen=True, slots=True)
class Known:
    """A stream as it was last seen: state, version and time of its last event (0, None: new), and scope."""

    state: Any
    version: int
    recorded_at: datetime | None
    scope: Scope | None


class StateCache:
    """Least recently used leaves first. What it holds may be stale: the journal's indexes find that out."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, Known] = OrderedDict()

    def get(self, stream: str) -> Known | None:
        """What is known of `stream`, if anything."""
        known = self._known.get(stream)
        if known is not None:
            self._known.move_to_end(stream)
        return known

    def put(self, stream: str, known: Known) -> None:
        """Remember `stream`; an older version never replaces a newer one."""
        held = self._known.get(stream)
        if held is not None and held.version > known.version:
            return
        self._known[stream] = known
        self._known.move_to_end(stream)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def drop(self, stream: str) -> None:
        """Forget `stream`."""
        self._known.pop(stream, None)
