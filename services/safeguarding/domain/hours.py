"""When a worry of today pages, in the provider's own working hours."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from shared.programmes.hours import WorkingHours


def page_hour(hours: WorkingHours, hour: time, *, now: datetime) -> datetime:
    """When a "today" worry that came at `now` pages if nobody takes it (SAFETY S5; first human action at opening, S11).

    Before `hour` on a working day: at that hour. After it, while open: at once. Otherwise: at the next opening.
    """
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    if hours.is_working_day(today) and now < (at := hours.at(today, hour)):
        return at
    return now if hours.open_at(now) else hours.next_opening(now)
