"""When a "today" worry pages: local time, working days, clock changes and closures."""

from datetime import UTC, datetime, time

import pytest

from services.safeguarding.domain.hours import page_hour
from tests.safeguarding.world import LADDER

HOURS = LADDER.working_hours
THREE = time(15, 0)


@pytest.mark.parametrize(
    ("came", "pages"),
    [
        ("2026-11-23T10:00", "2026-11-23T15:00"),  # a Monday morning: at its hour
        ("2026-11-23T02:00", "2026-11-23T15:00"),  # the night before a working day: that day's hour
        ("2026-11-23T15:00", "2026-11-23T15:00"),  # at the hour: at once
        ("2026-11-23T16:59", "2026-11-23T16:59"),  # after the hour, still open: at once
        ("2026-11-23T17:00", "2026-11-24T09:00"),  # closed: when the next day opens
        ("2026-11-27T18:00", "2026-11-30T09:00"),  # a Friday evening: Monday
        ("2026-12-24T18:00", "2026-12-29T09:00"),  # Christmas, a weekend and a bank holiday between
        ("2026-07-01T10:00", "2026-07-01T14:00"),  # summer: 15:00 in London is 14:00 UTC
        ("2026-03-27T18:00", "2026-03-30T08:00"),  # over the clock change
    ],
)
def test_a_today_worry_pages_at_the_right_minute(came, pages):  # S5, S11
    moment = datetime.fromisoformat(came).replace(tzinfo=UTC)
    assert page_hour(HOURS, THREE, now=moment) == datetime.fromisoformat(pages).replace(tzinfo=UTC)


def test_hours_that_never_open_are_noticed():
    never = HOURS.model_copy(update={"days": ()})
    with pytest.raises(ValueError, match="no working day"):
        never.next_opening(datetime(2026, 11, 23, tzinfo=UTC))
