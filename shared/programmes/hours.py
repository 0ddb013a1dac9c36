"""Working hours in the provider's own time zone, so that "today" means a working day there."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

_LONGEST_CLOSURE_DAYS = 60


class WorkingHours(BaseModel):
    """When somebody reads the list. Times are local to `zone`; weekdays count from 1 (Monday)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str
    days: tuple[Annotated[int, Field(ge=1, le=7)], ...]
    opens: time
    closes: time
    closed_on: tuple[date, ...] = ()

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        ZoneInfo(name)
        return name

    def is_working_day(self, day: date) -> bool:
        """Whether `day` (local) is worked."""
        return day.isoweekday() in self.days and day not in self.closed_on

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody works at `moment`."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return self.is_working_day(local.date()) and self.opens <= local.time() < self.closes

    def at(self, day: date, hour: time) -> datetime:
        """That local hour of that day, in UTC; a clock change is the zone's business."""
        return datetime.combine(day, hour, ZoneInfo(self.zone)).astimezone(UTC)

    def next_opening(self, moment: datetime) -> datetime:
        """The first opening after `moment`. Raises `ValueError` when none is in sight."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        for ahead in range(_LONGEST_CLOSURE_DAYS):
            day = today + timedelta(days=ahead)
            if self.is_working_day(day) and (opening := self.at(day, self.opens)) > moment:
                return opening
        raise ValueError("no working day in sight")
