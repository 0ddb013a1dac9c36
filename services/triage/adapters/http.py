"""Triage's JSON interface: the worklist, a named person's decision, reading the words, and measures."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.triage.adapters.measuring import Measuring
from services.triage.adapters.queries import MOST_LISTED, Queries
from services.triage.domain.commands import CaseInput, DecideCase, MarkTextRead
from services.triage.domain.policy import DECIDERS, OWN_WORDS
from shared.access.acting import Acting, require
from shared.events.codes import Code
from shared.events.ids import command_cause
from shared.events.refusal import NotFound
from shared.events.triage import TriageCompleted, TriageOutcome
from shared.runtime.body import Digest, claim_for, idempotency_key, parse, read_body
from shared.runtime.executor import Executor
from shared.runtime.http import correlation_of
from shared.runtime.submission import Outcome, Submission
from shared.runtime.vault import Vault


@dataclass(frozen=True)
class Doors:
    """What the routes hand requests on to."""

    executor: Executor
    queries: Queries
    measuring: Measuring
    vault: Vault
    digest: Digest
    reasons: frozenset[str]


class DecisionBody(BaseModel):
    """What a decision says. A reason that is not one of the vocabulary's is kept in the vault."""

    model_config = ConfigDict(extra="forbid")

    outcome: TriageOutcome
    offer: Code | None = None
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    text_read: bool = False


def routes(doors: Doors) -> APIRouter:
    """Every JSON route of triage."""
    router = APIRouter(prefix="/api/cases")
    _reading(router, doors)
    _deciding(router, doors)

    @router.post("/{case}/measures", status_code=201)
    async def measure(case: str, request: Request) -> Any:
        """A questionnaire's answers; an alert item in it is flagged before anything else is looked at (S3)."""
        return JSONResponse(await doors.measuring.take(case, request), status_code=201)

    return router


def _reading(router: APIRouter, doors: Doors) -> None:
    @router.get("")
    async def worklist(
        site: str | None = None,
        status: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    ) -> Any:
        """The worklist, most urgent first."""
        return {"cases": await doors.queries.worklist(site=site, status=status, limit=limit)}

    @router.get("/{case}")
    async def one(case: UUID, version: int = 0) -> Any:
        """A case: what is advised, with reasons, and what was decided."""
        found = await doors.queries.one(case, version=version)
        if found is None:
            raise NotFound("triage.unknown_case", "No referral with this id has arrived.")
        return found


def _deciding(router: APIRouter, doors: Doors) -> None:
    @router.post("/{case}/decision")
    async def decide(case: UUID, request: Request) -> Any:
        """A named person's decision; the only way a case is accepted, declined or closed (S2)."""
        body = await read_body(request)
        asked, person = parse(DecisionBody, body), require(request, *DECIDERS)
        cause = command_cause(str(person), f"decide/{case}", idempotency_key(request))
        reason = asked.reason
        if reason not in doors.reasons:
            await doors.vault.seal(subject=case, stream=f"case/{case}", cause=cause, record={"reason": reason})
            reason = OWN_WORDS
        command = DecideCase(case, asked.outcome, reason, str(person), asked.offer, asked.text_read)
        outcome = await _submit(doors, request, command, person, "decide", body)
        decided = next(one.event for one in outcome.recorded if isinstance(one.event, TriageCompleted))
        return {"id": str(case), "version": outcome.version, "status": "decided", **decided.data()}

    @router.post("/{case}/text-read")
    async def text_read(case: UUID, request: Request) -> Any:
        """A named person has read the words that came with the referral (S4). The body may be {}."""
        body, person = await read_body(request), require(request, *DECIDERS)
        parse(Nothing, body)
        outcome = await _submit(doors, request, MarkTextRead(case, str(person)), person, "read-text", body)
        return {"id": str(case), "version": outcome.version, "text_unread": False}


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")


async def _submit(
    doors: Doors, request: Request, command: CaseInput, person: Acting, operation: str, body: bytes
) -> Outcome:
    key = idempotency_key(request)
    submission = Submission(
        input=command,
        cause=command_cause(str(person), f"{operation}/{command.case}", key),
        correlation=correlation_of(request),
        claims=(claim_for(str(person), operation, key),),
        digest=f"{command.case}/{doors.digest(body)}",
    )
    return await doors.executor.submit(submission)
