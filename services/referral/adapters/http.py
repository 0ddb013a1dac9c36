"""The JSON door: post a referral, read where it stands, look people up by id."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.referral.adapters import json_mapper
from services.referral.adapters.intake import LOCAL, Asking, Intake
from services.referral.adapters.queries import People, Referrals
from services.referral.adapters.requests import ReferralRequest
from services.referral.domain.commands import WithdrawReferral
from shared.access.acting import acting, require
from shared.events.codes import Code
from shared.events.ids import command_cause
from shared.runtime.http import (
    Refused,
    claim_for,
    correlation_of,
    idempotency_key,
    parse,
    read_body,
)
from shared.runtime.submission import Submission

OPERATION = "referral"
STAFF = (
    "triage-worker", "project-manager", "safeguarding-lead", "safeguarding-manager", "information-governance",
)  # fmt: skip
MOST_PEOPLE = 200


class Withdrawal(BaseModel):
    """Why a referral is taken back, as a code of the vocabulary; words are for a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Code


def _known(wanted: Withdrawal, intake: Intake) -> None:
    if wanted.reason not in intake.data.vocabulary.withdrawal_reasons:
        errors = [{"field": "reason", "reason": "not one of the list"}]
        raise Refused(422, "body.invalid", "Some fields cannot be taken.", errors=errors)


class Lookup(BaseModel):
    """Whose names and ways to be reached somebody needs, and what for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_PEOPLE)]
    purpose: Literal["triage", "support", "safeguarding", "contact_card", "worklist"]


def post_route(intake: Intake) -> Route:
    """`POST /api/referrals` as a bare route: half the cost of a FastAPI one."""

    async def post(request: Request) -> Response:
        body = await read_body(request)
        key = idempotency_key(request)
        origin = intake.origin(LOCAL, key)
        asked = parse(ReferralRequest, body)
        if faults := json_mapper.faults_of(asked, origin):
            errors = [{"field": name, "reason": reason} for name, reason in faults]
            raise Refused(422, "body.invalid", "Some fields cannot be taken.", errors=errors)
        asking = Asking(
            cause=command_cause(LOCAL, OPERATION, key),
            claims=(claim_for(LOCAL, OPERATION, key),),
            digest=intake.digest(body),
            correlation=correlation_of(request),
        )
        outcome = await intake.take(json_mapper.to_referral(asked, origin), asking)
        case = outcome.stream.partition("/")[2]
        answer = {"id": case, "version": outcome.version, "status": "received"}
        return JSONResponse(answer, 201, {"Location": f"/api/referrals/{case}"})

    return Route("/api/referrals", post, methods=["POST"])


def routes(intake: Intake, referrals: Referrals, people: People) -> APIRouter:
    """What is read, and the taking back."""
    router = APIRouter()

    @router.post("/api/referrals/{case}/withdraw")
    async def withdraw(case: UUID, request: Request) -> dict[str, Any]:
        """Take a referral back, on a named person's word; messages and matching stop, an open concern does not."""
        person = require(request, *STAFF)
        body, key = await read_body(request), idempotency_key(request)
        wanted = parse(Withdrawal, body)
        _known(wanted, intake)
        outcome = await intake.executor.submit(
            Submission(
                input=WithdrawReferral(case, wanted.reason),
                cause=command_cause(str(person), "withdraw", key),
                correlation=correlation_of(request),
                claims=(claim_for(str(person), "withdraw", key),),
                digest=f"{intake.digest(body)}/{case}",
            )
        )
        return {"id": str(case), "version": outcome.version, "status": "closed"}

    @router.get("/api/referrals/{case}")
    async def get(case: UUID, request: Request) -> dict[str, Any]:
        """Where a referral stands; who it is about only for a member of staff."""
        person = acting(request)
        found = await referrals.one(case)
        if person is not None and person.is_any(*STAFF):
            found["person"] = await people.identity(case)
        return found

    @router.post("/people/lookup")
    async def lookup(request: Request) -> dict[str, Any]:
        """Names and ways to be reached of at most 200 people; erased and unknown ids are left out alike."""
        require(request, *STAFF)
        wanted = parse(Lookup, await read_body(request))
        return {"people": await people.contacts(wanted.ids)}

    return router
