"""The JSON door: post a referral, read where it stands, look people up by id."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.referral.adapters import json_mapper
from services.referral.adapters.cards import PURPOSE, Cards
from services.referral.adapters.intake import Asking, Intake
from services.referral.adapters.queries import FIRST_NAME, NOT_HERE, People, Referrals
from services.referral.adapters.reading import Reading
from services.referral.adapters.requests import ReferralRequest
from services.referral.adapters.senders import organisation_of_caller
from services.referral.domain.commands import WithdrawReferral
from shared.access.app import guard_of, guarded, guarded_router
from shared.access.caller import Caller
from shared.access.guard import caller_of_request, reach_of, within
from shared.access.reach import Placed, Reach
from shared.events.codes import Code
from shared.events.ids import command_cause
from shared.runtime.body import NOT_LISTED, fields_refused
from shared.runtime.http import (
    claim_for,
    correlation_of,
    idempotency_key,
    parse,
    read_body,
)
from shared.runtime.operation import performs
from shared.runtime.submission import Submission

OPERATION = "referral"
MOST_PEOPLE = 200


class Withdrawal(BaseModel):
    """Why a referral is taken back, as a code of the vocabulary; words are for a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Code


class Lookup(BaseModel):
    """Whose names and ways to be reached somebody needs, and what for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_PEOPLE)]
    purpose: Literal["triage", "support", "safeguarding", "contact_card", "worklist"]


def post_route(intake: Intake) -> Route:
    """`POST /api/referrals` as a bare route: half the cost of a FastAPI one (docs/design.md, What was measured)."""

    async def post(request: Request) -> Response:
        caller, body, key = caller_of_request(request), await read_body(request), idempotency_key(request)
        origin = intake.origin(organisation_of_caller(caller), key)
        asked = parse(ReferralRequest, body)
        faults = json_mapper.faults_of(asked, origin) or _out_of_reach(reach_of(request), intake, asked.site)
        if faults:
            raise fields_refused(faults)
        outcome = await intake.take(json_mapper.to_referral(asked, origin), _asking(request, intake, caller, key, body))
        case = outcome.stream.partition("/")[2]
        answer = {"id": case, "version": outcome.version, "status": "received"}
        return JSONResponse(answer, 201, {"Location": f"/api/referrals/{case}"})

    return Route("/api/referrals", guarded("referral.send", post), methods=["POST"])


def _out_of_reach(reach: Reach, intake: Intake, site: str) -> list[tuple[str, str]]:
    """A member of staff sends for her own sites; another site is answered like one nobody has."""
    own = Placed(intake.data.sites.provider_of(site), site, organisation=next(iter(reach.caller.organisations), None))
    return [] if reach.covers(own) else [("site", "no such site")]


def _asking(request: Request, intake: Intake, caller: Caller, key: str, body: bytes) -> Asking:
    return Asking(
        cause=command_cause(caller.client, OPERATION, key),
        claims=(claim_for(caller.client, OPERATION, key),),
        digest=intake.digest(body),
        correlation=correlation_of(request),
    )


def routes(intake: Intake, referrals: Referrals, people: People, reading: Reading) -> APIRouter:
    """What is read, and the taking back."""
    router = guarded_router()
    _withdrawing(router, intake, referrals)

    @router.get("/api/referrals/{case}")
    @performs("referral.read")
    async def get(case: UUID, request: Request) -> dict[str, Any]:
        """Where a referral stands; who it is about only for those who may know."""
        return await reading.one(request, case)

    @router.post("/people/lookup")
    @performs("people.lookup")
    async def lookup(request: Request) -> dict[str, Any]:
        """Names and ways to be reached of at most 200 people; erased, unknown and foreign ids are left out alike."""
        wanted, reach = parse(Lookup, await read_body(request)), reach_of(request)
        known = await referrals.some(wanted.ids)
        mine = [case for case, one in known.items() if reach.covers(_placed(one.placed, case, reach))]
        await guard_of(request).note(request, [str(case) for case in mine], purpose=wanted.purpose)
        if reach.scope == "matches":  # a volunteer needs to ring her, and no more (S29)
            return {"people": await people.contacts(mine, FIRST_NAME)}
        card = wanted.purpose == PURPOSE
        return {"people": await (Cards(referrals, people).of(mine) if card else people.contacts(mine))}

    return router


def _placed(placed: Placed, case: UUID, reach: Reach) -> Placed:
    """Whom a volunteer is matched with is known to support, which says so in the token it signs for her."""
    if str(case) not in reach.caller.matches:
        return placed
    return replace(placed, volunteer=str(reach.caller.volunteer))


def _withdrawing(router: APIRouter, intake: Intake, referrals: Referrals) -> None:
    @router.post("/api/referrals/{case}/withdraw")
    @performs("referral.withdraw")
    async def withdraw(case: UUID, request: Request) -> dict[str, Any]:
        """Take a referral back, on a named person's word; messages and matching stop, an open concern does not."""
        person = caller_of_request(request)
        body, key = await read_body(request), idempotency_key(request)
        wanted = parse(Withdrawal, body)
        _known(wanted, intake)
        found = (await referrals.some([case])).get(case)
        within(reach_of(request), found.placed if found else None, NOT_HERE)
        outcome = await intake.executor.submit(
            Submission(
                input=WithdrawReferral(case, wanted.reason),
                cause=command_cause(person.client, "withdraw", key),
                correlation=correlation_of(request),
                claims=(claim_for(person.client, "withdraw", key),),
                digest=f"{intake.digest(body)}/{case}",
            )
        )
        return {"id": str(case), "version": outcome.version, "status": "closed"}


def _known(wanted: Withdrawal, intake: Intake) -> None:
    if wanted.reason not in intake.data.vocabulary.withdrawal_reasons:
        raise fields_refused([("reason", NOT_LISTED)])
