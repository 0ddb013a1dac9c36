"""The one place where time and chance enter: everything else is given `now` and ids."""

from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from shared.events.moment import whole_milliseconds


class Clock(Protocol):
    """What tells the time; tests move theirs by hand."""

    def now(self) -> datetime:
        """The current time, aware, UTC, in whole milliseconds."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The current time, aware, UTC, in whole milliseconds."""
        return whole_milliseconds(datetime.now(UTC))


def new_id() -> UUID:
    """A fresh random id, minted at an edge."""
    return uuid4()
