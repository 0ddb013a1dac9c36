"""A sender takes its referral back by a message: found by the id we gave it, or by the correlation id it came under."""

from typing import Protocol
from uuid import UUID

from services.referral.adapters import bars_mapper
from services.referral.adapters.bars_bundle import Bundle
from services.referral.adapters.bars_faults import BarsRefused
from services.referral.adapters.bars_headers import Sender
from services.referral.adapters.bars_profile import Profile
from services.referral.adapters.intake import Intake
from services.referral.domain.commands import CancelReferral
from shared.events.ids import uuid_in
from shared.events.refusal import NotFound, Rejected
from shared.runtime.submission import Outcome, Submission


class Journeys(Protocol):
    """Finds what came under a correlation id, which stays the same for the life of one referral."""

    async def under(self, correlation: UUID, organisation: str) -> list[UUID]:
        """The cases that messages of `organisation` opened under `correlation`."""
        ...


class Cancelling:
    """Decides which referral a cancellation is about, and submits it."""

    def __init__(self, intake: Intake, journeys: Journeys, profile: Profile) -> None:
        self._intake = intake
        self._journeys = journeys
        self._profile = profile

    async def take(self, bundle: Bundle, sender: Sender) -> Outcome:
        """Cancel it; asked again under the same request id, the first outcome comes back. Raises `BarsRefused`.

        What is unknown and what another organisation sent are refused alike (SAFETY S18).
        """
        case = await self._case(bundle, sender)
        origin = self._intake.origin(sender.organisation, bundle.id)
        asked = CancelReferral(case, sender.organisation, bars_mapper.worries_of(bundle, origin, self._profile))
        submission = Submission(
            input=asked,
            cause=sender.cause,
            correlation=sender.correlation_id,
            claims=(sender.claim,),
        )
        try:
            return await self._intake.executor.submit(submission)
        except NotFound:
            raise BarsRefused("bars.not_found") from None
        except Rejected:
            raise BarsRefused("bars.moved_on") from None

    async def _case(self, bundle: Bundle, sender: Sender) -> UUID:
        """Published cancellations carry no ServiceRequest.id; what names several referrals names none."""
        named = bundle.one("ServiceRequest").get("id")
        if named is None:
            found = await self._journeys.under(sender.correlation_id, sender.organisation)
            case = found[0] if len(found) == 1 else None
        else:
            case = uuid_in(named)
        if case is None:
            raise BarsRefused("bars.not_found")
        return case
