"""What triage's routes and pages hand requests on to, and the one way a named person's decision is submitted."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.triage.adapters.measuring import Measuring
from services.triage.adapters.queries import Queries
from services.triage.domain.commands import CaseInput, DecideCase, MarkTextRead
from services.triage.domain.policy import OWN_WORDS
from shared.access.guard import caller_of_request, reach_of
from shared.events.codes import Code
from shared.events.ids import command_cause
from shared.events.triage import TriageOutcome
from shared.programmes.load import ProgrammeData
from shared.runtime.body import Digest, claim_for
from shared.runtime.executor import Executor
from shared.runtime.http import correlation_of
from shared.runtime.submission import Outcome, Submission
from shared.runtime.vault import Vault


class DecisionBody(BaseModel):
    """What a decision says. A reason that is not one of the vocabulary's is kept in the vault."""

    model_config = ConfigDict(extra="forbid")

    outcome: TriageOutcome
    offer: Code | None = None
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    text_read: bool = False


@dataclass(frozen=True)
class Doors:
    """Everything a route may use."""

    executor: Executor
    queries: Queries
    measuring: Measuring
    vault: Vault
    digest: Digest
    data: ProgrammeData

    async def decide(self, request: Request, case: UUID, asked: DecisionBody, key: str, body: bytes) -> Outcome:
        """A named person's decision; the only way a case is accepted, declined or closed (S2).

        Raises `NotFound` for a case out of her reach, `Rejected`, and what the vault and the executor raise.
        """
        person = caller_of_request(request)
        await self.queries.check(case, reach_of(request))
        reason = asked.reason
        if reason not in self.data.vocabulary.decision_reasons:
            cause = command_cause(person.client, f"decide/{case}", key)
            await self.vault.seal(subject=case, stream=f"case/{case}", cause=cause, record={"reason": reason})
            reason = OWN_WORDS
        command = DecideCase(case, asked.outcome, reason, str(person), asked.offer, asked.text_read)
        return await self._submit(request, command, "decide", key, body)

    async def mark_read(self, request: Request, case: UUID, key: str, body: bytes) -> Outcome:
        """A named person has read the words that came with the referral (S4). Raises as `decide` does."""
        await self.queries.check(case, reach_of(request))
        command = MarkTextRead(case, str(caller_of_request(request)))
        return await self._submit(request, command, "read-text", key, body)

    async def _submit(self, request: Request, command: CaseInput, operation: str, key: str, body: bytes) -> Outcome:
        client = caller_of_request(request).client
        submission = Submission(
            input=command,
            cause=command_cause(client, f"{operation}/{command.case}", key),
            correlation=correlation_of(request),
            claims=(claim_for(client, operation, key),),
            digest=f"{command.case}/{self.digest(body)}",
        )
        return await self.executor.submit(submission)
