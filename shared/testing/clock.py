"""A clock that tests move by hand."""

from datetime import datetime, timedelta

from shared.events.moment import whole_milliseconds


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = whole_milliseconds(start)

    def now(self) -> datetime:
        """The time it was last moved to."""
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move by `step`, which may be negative, and return the new time."""
        self._now = whole_milliseconds(self._now + step)
        return self._now
