"""A sender takes its referral back by a message."""

from services.referral.adapters.bars_bundle import Bundle
from services.referral.adapters.bars_headers import Sender
from services.referral.adapters.bars_later import Later
from services.referral.domain.commands import CancelReferral
from shared.runtime.submission import Outcome


async def cancel(later: Later, bundle: Bundle, sender: Sender) -> Outcome:
    """Cancel the referral that the message is about. Raises `BarsRefused`."""
    case = await later.case_of(bundle, sender)
    await later.raise_worries(case, later.read(bundle, sender), sender)
    return await later.submit(CancelReferral(case, sender.organisation), sender)
