"""What the routes hand requests on to, and the one way they submit a named person's command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request

from services.support.adapters.names import Names
from services.support.adapters.queries import Queries
from services.support.adapters.safeguarding import Safeguarding
from services.support.adapters.worries import Worries
from services.support.domain.react import react
from shared.access.caller import Caller
from shared.events.ids import command_cause
from shared.events.refusal import Rejected
from shared.programmes.load import ProgrammeData
from shared.runtime.body import Digest, claim_for, idempotency_key
from shared.runtime.clock import Clock
from shared.runtime.decider import Input
from shared.runtime.errors import Failure
from shared.runtime.executor import Executor
from shared.runtime.http import correlation_of
from shared.runtime.reactions import submissions_from
from shared.runtime.submission import Outcome, Scope, Submission
from shared.runtime.vault import Vault


@dataclass(frozen=True)
class Doors:
    """Everything a route may use."""

    executor: Executor
    queries: Queries
    safeguarding: Safeguarding
    vault: Vault
    worries: Worries
    names: Names
    data: ProgrammeData
    gates: Sequence[str]
    clock: Clock
    digest: Digest


@dataclass(frozen=True, slots=True)
class Asked:
    """A write of a named person: who, what it is called, under which key, and the body it came in."""

    person: Caller
    operation: str
    key: str
    body: bytes
    correlation: UUID

    @classmethod
    def of(cls, request: Request, person: Caller, operation: str, body: bytes) -> "Asked":
        """The write in `request`. Raises `Refused` without a usable key."""
        return cls(person, operation, idempotency_key(request), body, correlation_of(request))

    def cause(self, target: object) -> UUID:
        """The cause of this write to `target`."""
        return command_cause(self.person.client, f"{self.operation}/{target}", self.key)


async def submit(doors: Doors, asked: Asked, command: Input, target: object, scope: Scope | None = None) -> Outcome:
    """Submit `command` under the caller's key, and at once what follows from it elsewhere."""
    outcome = await doors.executor.submit(
        Submission(
            input=command,
            cause=asked.cause(target),
            scope=scope,
            correlation=asked.correlation,
            claims=(claim_for(asked.person.client, asked.operation, asked.key),),
            digest=f"{target}/{doors.digest(asked.body)}",
        )
    )
    await follow(doors.executor, outcome)
    return outcome


async def follow(executor: Executor, outcome: Outcome) -> None:
    """Run the reactions now instead of a moment later; under the same causes, so the tail's turn changes nothing."""
    for recorded in outcome.recorded:
        for submission in submissions_from(recorded, react(recorded)):
            try:
                await executor.submit(submission, within=1.0)
            except (Rejected, Failure):
                return  # the tail brings it again, for as long as it takes


def answer(done: Outcome, /, **more: Any) -> dict[str, Any]:
    """What a write answers: the stream's version, and `more`."""
    return {"version": done.version, **more}
