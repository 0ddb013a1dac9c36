"""The worry button: whatever else is wrong with what it sent, the concern is durable before anybody hears of faults."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import structlog

from services.safeguarding.adapters.queries import Queries
from services.safeguarding.adapters.worries import Worry, read_worry
from services.safeguarding.domain.commands import RaiseConcern
from shared.events.ids import command_cause
from shared.programmes.model import RiskLevels
from shared.runtime.clock import Clock
from shared.runtime.errors import KeyReused
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope, Submission

log = structlog.get_logger()
ASIDE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Raiser:
    """Where whoever raises a worry works, and the remembered phone she uses, if it is one."""

    home: Scope
    device: UUID | None = None


class Keeper(Protocol):
    """The part of the vault that keeps free words."""

    async def seal(self, *, subject: UUID, stream: str, cause: UUID, record: dict[str, Any]) -> UUID:
        """Keep `record` encrypted, durable when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """The concern's id, and what was wrong with what was sent; `words_kept` is None where there were no words."""

    concern: UUID
    faults: Sequence[tuple[str, str]]
    readable: bool
    words_kept: bool | None
    key_reused: bool


class Raising:
    """Raises concerns for the button; works with Kafka stopped and with the vault out of reach."""

    def __init__(self, *, executor: Executor, queries: Queries, keeper: Keeper, risk: RiskLevels, clock: Clock) -> None:
        self._executor = executor
        self._queries = queries
        self._keeper = keeper
        self._risk = risk
        self._clock = clock

    async def take(self, body: bytes, *, key: str | None, digest: str, claim: str | None, by: Raiser) -> Receipt:
        """Raise the worry in `body`; without a known case it goes to where whoever raises it works.

        Raises only where nothing became durable: then there is no receipt (S20).
        """
        worry = read_worry(body, key)
        asked = worry.raising(self._risk, now=self._clock.now(), device=by.device)
        cause = command_cause("worry-button", asked.stream, digest)
        scope, kept = await asyncio.gather(self._scope(worry.case, by.home), self._keep(worry, asked, cause))
        reused = await self._submit(asked, cause, scope, claim, digest)
        return Receipt(asked.concern, worry.faults, worry.readable, kept, reused)

    async def _submit(self, asked: RaiseConcern, cause: UUID, scope: Scope, claim: str | None, digest: str) -> bool:
        """Commit it; returns whether its key belonged to another request, which never keeps a worry back (S3)."""
        submission = Submission(input=asked, cause=cause, scope=scope, digest=digest)
        try:
            await self._executor.submit(replace(submission, claims=(claim,) if claim else ()))
        except KeyReused:
            await self._executor.submit(replace(submission, digest=None))
            return True
        return False

    async def _scope(self, case: UUID | None, home: Scope) -> Scope:
        try:
            return await asyncio.wait_for(self._queries.scope_of(case), ASIDE_SECONDS) or home
        except Exception as failed:  # noqa: BLE001 - without its site it goes to the rota of whoever raised it, but it goes
            log.error("concern.site_unknown", error_code=type(failed).__name__)
            return home

    async def _keep(self, worry: Worry, asked: RaiseConcern, cause: UUID) -> bool | None:
        if worry.words is None:
            return None
        sealed = self._keeper.seal(
            subject=asked.concern, stream=asked.stream, cause=cause, record={"about": worry.words}
        )
        try:
            await asyncio.wait_for(sealed, ASIDE_SECONDS)
        except Exception as failed:  # noqa: BLE001 - the worry itself must not wait for its words
            log.error("concern.words_lost", stream=asked.stream, error_code=type(failed).__name__)
            return False
        return True
