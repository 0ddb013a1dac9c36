"""What a named person does about a case, whether she asks by page or by program: reach first, then one submission."""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from starlette.requests import Request

from services.support.adapters.doors import Asked, Doors, answer, submit
from services.support.adapters.sessions import Reading, read_session
from services.support.domain.case.commands import EndSupport, MakeMatch
from services.support.domain.volunteer.commands import HoldPlace
from shared.access.guard import caller_of_request, reach_of
from shared.events.refusal import Rejected
from shared.events.support import PlaceHeld, SessionLogged
from shared.runtime.clock import new_id
from shared.runtime.problems import Refused
from shared.runtime.submission import Outcome

OWN_WORDS = "in_own_words"


@dataclass(frozen=True)
class Acting:
    """`write` names the person, what she does and under which key (`Asked`)."""

    doors: Doors

    async def hold(self, request: Request, write: Asked, case: UUID, volunteer: UUID) -> dict[str, Any]:
        """Keep a volunteer's place for a case while the mother is asked (S29). Raises `NotFound`, `Rejected`."""
        await self._both_within(request, case, volunteer)
        outcome = await submit(self.doors, write, HoldPlace(volunteer, case), case)
        until = next(one.event.until for one in outcome.recorded if isinstance(one.event, PlaceHeld))
        return answer(outcome, case=str(case), volunteer=str(volunteer), until=until.isoformat())

    async def match(
        self, request: Request, write: Asked, case: UUID, volunteer: UUID, offer: str | None
    ) -> dict[str, Any]:
        """Match them; safeguarding is asked first (S24). Raises `NotFound`, `Rejected`, `Refused` for an offer."""
        if offer is not None and offer not in self.doors.data.offers:
            raise Refused(422, "body.invalid", "No such offer.", errors=[{"field": "offer", "reason": "unknown"}])
        await self._both_within(request, case, volunteer)
        held_back = await self.doors.safeguarding.holds(case)
        outcome = await submit(self.doors, write, MakeMatch(case, volunteer, held_back, offer), case)
        return answer(outcome, case=str(case), volunteer=str(volunteer), status="matched")

    async def end(self, request: Request, write: Asked, case: UUID, reason: str, *, review: bool) -> dict[str, Any]:
        """End support; a reason in words is kept in the vault. Raises `NotFound`, `Rejected`."""
        await self.doors.queries.check_case(case, reach_of(request))
        if reason not in self.doors.data.vocabulary.ending_reasons:
            record = {"reason": reason}
            await self.doors.vault.seal(subject=case, stream=f"case/{case}", cause=write.cause(case), record=record)
            reason = OWN_WORDS
        held_back = await self.doors.safeguarding.holds(case)
        command = EndSupport(case, reason, review, str(caller_of_request(request)), held_back)
        outcome = await submit(self.doors, write, command, case)
        return answer(outcome, case=str(case), status="ended")

    async def log_session(self, request: Request, write: Asked, case: UUID, sent: dict[str, Any]) -> dict[str, Any]:
        """Log a session, never refused for a fault in its fields (S3); by whoever is or was matched, or staff.

        Raises `NotFound`, and `Refused` (409) where the state forbids it.
        """
        doors, person = self.doors, caller_of_request(request)
        await doors.queries.check_case(case, reach_of(request), ever=True)
        reading = read_session(
            sent,
            case,
            offers=doors.data.offers,
            reasons=doors.data.vocabulary.missed_reasons,
            now=doors.clock.now(),
            new_id=new_id,
        )
        await self._keep_words(write, reading, sent)
        led = replace(reading.asked, by=person.volunteer) if person.role == "volunteer" else reading.asked
        try:
            outcome = await submit(doors, write, led, case, await doors.queries.scope_of(case))
        except Rejected as refused:
            raise Refused(409, refused.code, refused.detail) from None
        return _logged(outcome, reading)

    async def _both_within(self, request: Request, case: UUID, volunteer: UUID) -> None:
        reach = reach_of(request)
        await self.doors.queries.check_case(case, reach)
        await self.doors.queries.check_volunteer(volunteer, reach)

    async def _keep_words(self, write: Asked, reading: Reading, sent: dict[str, Any]) -> None:
        """Notes, and the whole form where a field could not be read, go to her vault before the session is logged."""
        record = {"notes": reading.notes} if reading.notes else {}
        if reading.asked.faults:
            record["as_sent"] = json.dumps(sent)
        if record:
            asked, vault = reading.asked, self.doors.vault
            await vault.seal(subject=asked.case, stream=asked.stream, cause=write.cause(asked.case), record=record)


def _logged(outcome: Outcome, reading: Reading) -> dict[str, Any]:
    logged = next((one.event for one in outcome.recorded if isinstance(one.event, SessionLogged)), None)
    if logged is None:
        return answer(outcome, session=str(reading.asked.session), outcome="on_record_before")
    faults = [reason.removeprefix("fault/") for reason in logged.reasons if reason.startswith("fault/")]
    return answer(outcome, session=str(logged.session), outcome=logged.outcome, to_be_corrected=faults)
