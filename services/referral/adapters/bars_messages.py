"""Takes messages: each is checked, submitted, and answered by the standard's table of repeats, kept by claims."""

import asyncio
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.referral.adapters import bars_answers, bars_mapper
from services.referral.adapters.bars_bundle import Bundle, checked
from services.referral.adapters.bars_cancelling import cancel
from services.referral.adapters.bars_faults import BarsRefused, deterministic, require
from services.referral.adapters.bars_headers import (
    JSON_TYPES,
    Sender,
    answer_type,
    check_media,
    ids_of,
    ods_codes_of,
    organisation_of,
)
from services.referral.adapters.bars_later import Later
from services.referral.adapters.bars_responding import Responding
from services.referral.adapters.bars_updating import Updating
from services.referral.adapters.intake import Asking, Intake
from services.referral.adapters.senders import belongs, sending
from services.referral.domain.commands import RefuseRequest
from shared.access.guard import caller_of_request
from shared.events.ids import caller_chosen
from shared.events.referral import ReferralRefused
from shared.runtime.body import strict_json
from shared.runtime.http import Refused, read_body
from shared.runtime.submission import Outcome, Submission

WITHIN_S = 4.5
"""A receiver that has not answered after 5 s answers 408 (BaRS core, response times)."""


class Messages:
    """Takes messages; which requests are running right now is known to this process only."""

    def __init__(
        self, intake: Intake, later: Later, updating: Updating, responding: Responding, *, conformance: bool
    ) -> None:
        self._intake = intake
        self._later = later
        self._updating = updating
        self._responding = responding
        self._profile = later.profile
        self._conformance = conformance
        self._running: set[tuple[str, UUID]] = set()

    async def process(self, request: Request) -> Response:
        """`POST /$process-message`."""
        request_id, correlation_id = ids_of(request.headers)
        organisation = sending(caller_of_request(request), organisation_of(request.headers))
        sender = Sender(organisation, request_id, correlation_id)
        check_media(request.headers, self._profile.core_versions)
        running = (sender.organisation, request_id)
        if running in self._running:
            raise BarsRefused("bars.in_progress")
        self._running.add(running)
        try:
            async with asyncio.timeout(WITHIN_S):
                taken = await self._take(request, sender)
                return JSONResponse(taken, media_type=answer_type(request.headers, self._profile.core_versions))
        except TimeoutError:
            raise BarsRefused("bars.timeout") from None
        finally:
            self._running.discard(running)

    async def _take(self, request: Request, sender: Sender) -> dict[str, Any]:
        body = await read_body(request, json_types=JSON_TYPES)
        try:
            bundle = checked(_tree(body), self._profile, conformance=self._conformance)
            _check_sender(bundle, sender.organisation)
            outcome = await self._submitted(bundle, sender)
            if outcome.repeated:
                raise BarsRefused(_repeat(outcome, sender))
            case = UUID(outcome.stream.partition("/")[2])
            return bars_answers.accepted(bundle, case, profile=self._profile, now=self._intake.clock.now())
        except BarsRefused as refused:
            raise BarsRefused(await self._refuse(refused.code, sender)) from None

    async def _submitted(self, bundle: Bundle, sender: Sender) -> Outcome:
        if bundle.answers:
            return await self._responding.take(bundle, sender)
        if bundle.cancels:
            return await cancel(self._later, bundle, sender)
        if bundle.updates:
            return await self._updating.take(bundle, sender)
        return await self._referred(bundle, sender)

    async def _referred(self, bundle: Bundle, sender: Sender) -> Outcome:
        """A new referral; whose claims are taken already is a repeat, and the winner says of what."""
        origin = self._intake.origin(sender.organisation, bundle.id)
        mapped = bars_mapper.to_referral(bundle, origin, self._profile, conformance=self._conformance)
        asking = Asking(
            cause=sender.cause,
            claims=(sender.claim, f"bundle/{sender.organisation}/{caller_chosen(bundle.id)}"),
            digest=None,
            correlation=sender.correlation_id,
        )
        return await self._intake.take(mapped, asking)

    async def _refuse(self, code: str, sender: Sender) -> str:
        """Keep a refusal that must stay the same for ever; returns what this request is to be told."""
        if not deterministic(code):
            return code
        outcome = await self._intake.executor.submit(
            Submission(
                input=RefuseRequest(sender.organisation, str(sender.request_id), BarsRefused(code).fault.status, code),
                cause=sender.cause,
                scope=self._intake.scope(None),
                correlation=sender.correlation_id,
                claims=(sender.claim,),
            )
        )
        return _repeat(outcome, sender) if outcome.repeated else code


def _check_sender(bundle: Bundle, organisation: str) -> None:
    """The organisation that sends is the one that was proved, or a site of it; others inside a message are normal."""
    codes = ods_codes_of(bundle.follow(bundle.one("MessageHeader")["sender"], "Organization"))
    require(codes, "bars.sender")
    require(any(belongs(code, [organisation]) for code in codes), "bars.organisation_mismatch")


def _tree(body: bytes) -> Any:
    try:
        return strict_json(body)
    except Refused:
        raise BarsRefused("bars.unreadable") from None


def _repeat(outcome: Outcome, sender: Sender) -> str:
    """What a repeat is told: as before if it was refused, else that it was processed, under this id or another."""
    for recorded in outcome.recorded:
        if isinstance(recorded.event, ReferralRefused):
            return recorded.event.code
    claims = {claim for recorded in outcome.recorded for claim in recorded.claims}
    return "bars.duplicate" if sender.claim in claims else "bars.bundle_id_used"
