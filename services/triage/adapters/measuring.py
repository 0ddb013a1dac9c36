"""Takes a questionnaire: the worry in it is durable before its form, its sender or its case is looked at (S3)."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from services.triage.adapters.queries import UNKNOWN, Queries
from services.triage.adapters.worries import worries_in
from services.triage.domain.commands import FlagWorry, RecordMeasure
from shared.access.guard import caller_of_request, reach_of
from shared.events.codes import Code, ItemNumber, Measure, Score, Signal, Stage
from shared.events.ids import command_cause, concern_id, uuid_in
from shared.events.refusal import NotFound, Rejected
from shared.events.triage import MeasureRecorded
from shared.programmes.model import RiskLevels
from shared.programmes.risk import about_of
from shared.runtime.body import Digest, claim_for, idempotency_key, parse, read_body
from shared.runtime.clock import Clock
from shared.runtime.executor import Executor
from shared.runtime.http import correlation_of
from shared.runtime.problems import Refused
from shared.runtime.submission import Submission

JSON = "application/json"


class MeasureBody(BaseModel):
    """A questionnaire's answers: items, totals, or both."""

    model_config = ConfigDict(extra="forbid")

    instrument: Code
    version: Code
    items: dict[ItemNumber, Score] = {}
    totals: dict[Code, Score] = {}
    stage: Stage
    taken_on: date


class Measuring:
    """The road of a questionnaire from a request to the journal."""

    def __init__(self, executor: Executor, queries: Queries, risk: RiskLevels, clock: Clock, digest: Digest) -> None:
        self._executor = executor
        self._queries = queries
        self._risk = risk
        self._clock = clock
        self._digest = digest

    async def take(self, case: str, request: Request) -> dict[str, Any]:
        """The answer to hand out. Raises `Refused` or `Rejected`, with the receipts of worries already on record."""
        media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
        body = await read_body(request, json_types=frozenset({media}))
        receipts = await self._flag(uuid_in(case), request, body)
        try:
            answer = await self._record(case, request, body, is_json=media == JSON)
        except Rejected as refused:
            raise _with(receipts, refused) from None
        except Refused as refused:
            refused.extra["receipts"] = receipts
            raise
        return answer | ({"receipts": receipts} if receipts else {})

    async def _flag(self, case: UUID | None, request: Request, body: bytes) -> list[str]:
        message = request.headers.get("Idempotency-Key") or self._digest(body)
        client = caller_of_request(request).client
        signals = worries_in(body, self._risk, client=client, message=message)
        if not signals:
            return []
        scope = await self._queries.scope_of(case)
        for signal in signals:
            await self._executor.submit(
                Submission(
                    input=self._worry(signal, case),
                    cause=command_cause(client, "flag-worry", str(signal.signal_id)),
                    scope=scope,
                    correlation=correlation_of(request),
                )
            )
        return [str(concern_id(signal.signal_id)) for signal in signals]

    def _worry(self, signal: Signal, case: UUID | None) -> FlagWorry:
        return FlagWorry(signal, case, about_of(self._risk, signal.code), observed_at=self._clock.now())

    async def _record(self, case: str, request: Request, body: bytes, *, is_json: bool) -> dict[str, Any]:
        if not is_json:
            raise Refused(415, "body.media_type", f"Send {JSON}.")
        named = uuid_in(case)
        if named is None:
            raise NotFound(*UNKNOWN)
        asked, person, key = parse(MeasureBody, body), caller_of_request(request), idempotency_key(request)
        await self._queries.check(named, reach_of(request))
        measure = Measure(**asked.model_dump(exclude={"stage"}))
        outcome = await self._executor.submit(
            Submission(
                input=RecordMeasure(named, measure, asked.stage, str(person)),
                cause=command_cause(person.client, f"measure/{case}", key),
                correlation=correlation_of(request),
                claims=(claim_for(person.client, "measure", key),),
                digest=f"{case}/{self._digest(body)}",
            )
        )
        recorded = next(one.event for one in outcome.recorded if isinstance(one.event, MeasureRecorded))
        return {"id": case, "version": outcome.version, "instrument": recorded.instrument, "totals": recorded.totals}


def _with(receipts: list[str], refused: Rejected) -> Exception:
    """The refusal with the receipts; what was sent cannot be so (422), or the state does not allow it (404, 409)."""
    status = 404 if isinstance(refused, NotFound) else 422
    extra = {"receipts": receipts} if receipts else {}
    return Refused(status, refused.code, refused.detail, extra=extra)
