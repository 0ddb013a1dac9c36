"""Times as the platform keeps them: aware, UTC, whole milliseconds, because the database keeps no more."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def whole_milliseconds(moment: datetime) -> datetime:
    """Return `moment` in UTC with everything finer than a millisecond cut off.

    Raises `ValueError` for an instant that falls outside the calendar once it is in UTC.
    """
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, AfterValidator(whole_milliseconds)]
