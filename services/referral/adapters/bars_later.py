"""Later messages about a referral: which case each is about, and its worries on record before anything else counts."""

from typing import Protocol
from uuid import UUID

from services.referral.adapters import bars_mapper
from services.referral.adapters.bars_bundle import Bundle
from services.referral.adapters.bars_faults import BarsRefused
from services.referral.adapters.bars_headers import Sender
from services.referral.adapters.bars_mapper import Said
from services.referral.adapters.bars_profile import Profile
from services.referral.adapters.intake import Intake
from services.referral.domain.commands import CaseInput, RaiseWorries
from services.referral.domain.policy import worries_in
from shared.events.ids import command_cause, uuid_in
from shared.events.refusal import NotFound, Rejected
from shared.runtime.submission import Outcome, Submission


class Journeys(Protocol):
    """Finds what came under a correlation id, which stays the same for the life of one referral."""

    async def under(self, correlation: UUID, organisation: str) -> list[UUID]:
        """The cases that messages of `organisation` opened under `correlation`."""
        ...


class Later:
    """What cancelling, updating and answering share."""

    def __init__(self, intake: Intake, journeys: Journeys, profile: Profile) -> None:
        self.intake = intake
        self.profile = profile
        self._journeys = journeys

    async def case_of(self, bundle: Bundle, sender: Sender) -> UUID:
        """Whom it is about: by the id we gave, else by the correlation id; what names several referrals names none.

        Published messages carry no ServiceRequest.id. Raises `BarsRefused`.
        """
        named = bundle.one("ServiceRequest").get("id")
        case = await self.case_under(sender) if named is None else uuid_in(named)
        if case is None:
            raise BarsRefused("bars.not_found")
        return case

    async def case_under(self, sender: Sender) -> UUID | None:
        """The one case that came under the message's correlation id; None where there is none or are several."""
        found = await self._journeys.under(sender.correlation_id, sender.organisation)
        return found[0] if len(found) == 1 else None

    def read(self, bundle: Bundle, sender: Sender) -> Said:
        """What the message says, as a new referral would say it."""
        return bars_mapper.read(bundle, self.intake.origin(sender.organisation, bundle.id), self.profile)

    async def raise_worries(self, case: UUID, said: Said, sender: Sender) -> None:
        """First of all, and also where the rest is refused (SAFETY S3). Raises `BarsRefused` for one not its own."""
        worries = worries_in(self.intake.data.risk, said.found)
        if worries:
            cause = command_cause(sender.organisation, "bars-worries", str(sender.request_id))
            await self._submit(Submission(RaiseWorries(case, sender.organisation, worries), cause))

    async def submit(self, asked: CaseInput, sender: Sender) -> Outcome:
        """Have it decided; asked again under the same request id, the first outcome comes back. Raises `BarsRefused`.

        What is unknown and what another organisation sent are refused alike (SAFETY S18).
        """
        return await self._submit(
            Submission(asked, sender.cause, correlation=sender.correlation_id, claims=(sender.claim,))
        )

    async def _submit(self, submission: Submission) -> Outcome:
        try:
            return await self.intake.executor.submit(submission)
        except NotFound:
            raise BarsRefused("bars.not_found") from None
        except Rejected:
            raise BarsRefused("bars.moved_on") from None
