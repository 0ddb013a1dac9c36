"""A trust answers by a message nobody asked for: about an open referral it is more of her story, else it is kept."""

from typing import Any
from uuid import UUID

from services.referral.adapters.bars_bundle import Bundle, list_of, object_of
from services.referral.adapters.bars_headers import Sender
from services.referral.adapters.bars_later import Later
from services.referral.adapters.bars_mapper import Said, site_of
from services.referral.adapters.bars_updating import Updating
from services.referral.adapters.queries import Referrals
from services.referral.domain.messages import KeepMessage
from services.referral.domain.policy import worries_in
from shared.events.ids import message_id
from shared.runtime.submission import Outcome, Submission


class Responding:
    """Takes responses. Whatever they say waits for a reader (SAFETY S13), and their worries are raised first (S3)."""

    def __init__(self, later: Later, updating: Updating, referrals: Referrals) -> None:
        self._later = later
        self._updating = updating
        self._referrals = referrals

    async def take(self, bundle: Bundle, sender: Sender) -> Outcome:
        """Keep what was answered. Raises `BarsRefused`, and what the vault and the executor raise."""
        case, said = await self._later.case_under(sender), self._later.read(bundle, sender)
        if case is None:
            return await self._kept(bundle, said, sender, None)
        await self._later.raise_worries(case, said, sender)
        found = (await self._referrals.some([case]))[case]
        if found.shown["status"] == "closed":
            return await self._kept(bundle, said, sender, case)
        return await self._updating.say_more(case, said, sender, words=answer_in(bundle))

    async def _kept(self, bundle: Bundle, said: Said, sender: Sender, case: UUID | None) -> Outcome:
        intake, message = self._later.intake, message_id(sender.organisation, str(sender.request_id))
        worries = worries_in(intake.data.risk, said.found) if case is None else ()
        asked = KeepMessage(message, sender.organisation, case, worries)
        text = "\n".join((*answer_in(bundle), str(said.identity.get("text", ""))))
        record: dict[str, Any] = said.identity | {"text": text.strip()}
        await intake.vault.seal(subject=message, stream=asked.stream, cause=sender.cause, record=record)
        return await intake.executor.submit(
            Submission(
                input=asked,
                cause=sender.cause,
                scope=intake.scope(site_of(bundle, self._later.profile)),
                correlation=sender.correlation_id,
                claims=(sender.claim,),
            )
        )


def answer_in(bundle: Bundle) -> list[str]:
    """What was answered, in the standard's own codes: how the request and an appointment stand, and why."""
    said = [f"servicerequest: {bundle.one('ServiceRequest').get('status', '')}"]
    for appointment in bundle.all("Appointment"):
        said.append(f"appointment: {appointment.get('status', '')}")
        reasons = map(object_of, list_of(appointment.get("reasonCode")))
        said.extend(str(reason["text"]) for reason in reasons if isinstance(reason.get("text"), str))
    return said
