"""Times as people read them: the clock on the wall in England, in words; inside everything is UTC."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/London")
"""Where everybody who reads these pages lives and works."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def local(moment: datetime) -> datetime:
    """The moment on the wall clock. Raises `ValueError` for one without a zone: nobody knows when that is."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(ZONE)


def day_words(moment: datetime) -> str:
    """ "Monday 23 November 2026"."""
    at = local(moment)
    return f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at.year}"


def hour_words(moment: datetime) -> str:
    """ "9am", "5:30pm", "midday", "midnight": the forms of the NHS service manual."""
    at = local(moment)
    if at.minute == 0 and at.hour in (0, 12):
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def moment_words(moment: datetime) -> str:
    """ "Monday 23 November 2026 at 5:30pm"."""
    return f"{day_words(moment)} at {hour_words(moment)}"


def form_value(moment: datetime) -> str:
    """What an `<input type="datetime-local">` holds: "2026-11-23T17:30"."""
    return local(moment).strftime("%Y-%m-%dT%H:%M")


def from_form(value: str) -> datetime:
    """The moment that such an input says, aware. Raises `ValueError` for anything else."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is not None:
        raise ValueError("a form's time has no zone of its own")
    return found.replace(tzinfo=ZONE)
