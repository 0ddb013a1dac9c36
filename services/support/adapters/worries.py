"""Reads a worry out of whatever was sent, and puts it on record before anything else is looked at (SAFETY S3)."""

import json
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

import structlog
from starlette.requests import Request

from services.support.adapters.queries import Queries
from services.support.domain.case.commands import FlagWorry
from shared.access.guard import caller_of_request
from shared.events.codes import About, Signal
from shared.events.ids import command_cause, concern_id, signal_id_from_message, uuid_in
from shared.programmes.model import Danger, RiskLevels
from shared.programmes.risk import level_of_danger
from shared.runtime.body import Digest
from shared.runtime.clock import Clock
from shared.runtime.errors import Failure
from shared.runtime.executor import Executor
from shared.runtime.http import correlation_of
from shared.runtime.sealing import Erased
from shared.runtime.submission import Submission
from shared.runtime.vault import Vault

log = structlog.get_logger()
ABOUT: dict[str, About] = {name: name for name in get_args(About)}
DANGER: dict[str, Danger] = {name: name for name in get_args(Danger)}


@dataclass(frozen=True, slots=True)
class Worry:
    """A worry as far as it could be read; what is missing counts as "not sure", so that it pages."""

    signal_id: UUID
    in_danger: Danger
    about: About
    words: str | None


def worry_in(sent: Any, *, client: str, message: str) -> Worry | None:
    """The worry in `sent`, a worry's own object or whatever stands in its place; None where there is none."""
    if sent is None or sent is False:
        return None
    fields = sent if isinstance(sent, dict) else {"about": sent}
    said = fields.get("about")
    known = ABOUT.get(said) if isinstance(said, str) else None
    words = None if known or said is None or said is True else said if isinstance(said, str) else json.dumps(said)
    asked = fields.get("in_danger")
    return Worry(
        signal_id=uuid_in(fields.get("signal_id")) or signal_id_from_message(client, message, "worry"),
        in_danger=DANGER.get(asked, "not_sure") if isinstance(asked, str) else "not_sure",
        about=known or "unknown",
        words=words,
    )


class Worries:
    """The road of a worry from a request to the journal."""

    def __init__(
        self, *, executor: Executor, queries: Queries, vault: Vault, risk: RiskLevels, clock: Clock, digest: Digest
    ) -> None:
        self._executor = executor
        self._queries = queries
        self._vault = vault
        self._risk = risk
        self._clock = clock
        self._digest = digest

    async def keep(self, sent: Any, case: UUID | None, request: Request, body: bytes) -> str | None:
        """Put the worry in `sent` on record; returns the receipt, None where there is no worry. Raises `Failure`."""
        caller = caller_of_request(request)
        client = caller.client
        message = request.headers.get("Idempotency-Key") or self._digest(body)
        worry = worry_in(sent, client=client, message=message)
        if worry is None:
            return None
        cause = command_cause(client, "flag-worry", str(worry.signal_id))
        asked = self._asked(worry, case, caller.device)
        await self._executor.submit(
            Submission(asked, cause, await self._queries.scope_of(case), correlation=correlation_of(request))
        )
        await self._keep_words(worry, case, asked, cause)
        return str(concern_id(worry.signal_id))

    def _asked(self, worry: Worry, case: UUID | None, device: UUID | None) -> FlagWorry:
        level = level_of_danger(self._risk, worry.in_danger)
        signal = Signal(signal_id=worry.signal_id, code=f"in_danger/{worry.in_danger}", level=level)
        return FlagWorry(signal, case, worry.about, self._clock.now(), device)

    async def _keep_words(self, worry: Worry, case: UUID | None, asked: FlagWorry, cause: UUID) -> None:
        if worry.words is None:
            return
        subject, record = case or worry.signal_id, {"about": worry.words}
        try:
            await self._vault.seal(subject=subject, stream=asked.stream, cause=cause, record=record)
        except (Failure, Erased) as failed:  # the worry stands and pages; its words do not hold it back
            log.error("worry.words_lost", stream=asked.stream, error_code=type(failed).__name__)
