"""A worry as the event that says it: the same from every input that holds one."""

from datetime import datetime
from uuid import UUID

from services.referral.domain.commands import Worry
from shared.events.referral import ReferralWorryFlagged


def flagged(worry: Worry, now: datetime, case: UUID | None = None) -> ReferralWorryFlagged:
    """The worry, observed now; without a case where it belongs to none that is known."""
    return ReferralWorryFlagged(
        case=case,
        occurred_at=now,
        signal_id=worry.signal_id,
        about=worry.about,
        code=worry.code,
        level=worry.level,
        observed_at=now,
    )
