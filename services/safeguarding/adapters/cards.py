"""Safeguarding's own contact cards: taken from a push or fetched from referral, kept while a concern or support needs
them, erased after. Works with identity provider, Kafka and referral stopped (S21)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from services.safeguarding.adapters.holdings import IN_SUPPORT, Holding, Holdings
from services.safeguarding.domain.card import Card, card_from
from services.safeguarding.domain.commands import stream_of
from services.safeguarding.domain.state import Closed, NotRaised
from shared.access.letters import Reading, Unreadable
from shared.events.recorded import Recorded
from shared.events.safeguarding import SafeguardingClosed, SafeguardingRaised
from shared.runtime.commit import Commit, recorded
from shared.runtime.executor import Executor
from shared.runtime.sealing import Erased
from shared.runtime.vault import Vault

log = structlog.get_logger()


class Cards:
    """`vault` is one of their own, whose records need no commit; `executor` says which concerns are open."""

    def __init__(self, holdings: Holdings, vault: Vault, executor: Executor, reading: Reading) -> None:
        self.holdings = holdings
        self._vault = vault
        self._executor = executor
        self._reading = reading

    async def __call__(self, commits: Sequence[Commit]) -> None:
        """As a follower's handler: a concern that opened needs its case's card, one that closed does not."""
        for commit in commits:
            for event in recorded(commit):
                if isinstance(event.event, SafeguardingRaised | SafeguardingClosed) and event.event.case is not None:
                    await self.concerned(event.event.case, UUID(event.stream.split("/", 1)[1]))

    async def concerned(self, case: UUID, concern: UUID) -> bool:
        """Note whether a concern needs the card of `case`, as the journal has it now; said again it is the same."""
        state, _ = await self._executor.state(stream_of(concern))
        if isinstance(state, Closed | NotRaised):
            await self.holdings.release(case, stream_of(concern))
            await self.erase_what_left()
            return False
        await self.holdings.hold(case, stream_of(concern))
        return True

    async def accepted(self, event: Recorded) -> None:
        """A person accepted the case: its card is needed for as long as support goes on."""
        if event.event.case is not None:
            await self.holdings.hold(event.event.case, IN_SUPPORT, unless_ended_since=event.event.occurred_at)

    async def ended(self, event: Recorded) -> None:
        """The case was declined or withdrawn, or its support ended."""
        if event.event.case is not None:
            await self.holdings.end(event.event.case, event.event.occurred_at)
            await self.erase_what_left()

    async def take(self, letter: str, case: UUID, concern: UUID) -> None:
        """Keep the card that came with a worry. One that cannot be opened is fetched like any other, so it is dropped.

        Raises what the database and the vault raise: then it is tried again.
        """
        try:
            content = self._reading.open(letter)
        except Unreadable as unreadable:
            log.warning("card.unreadable", stream=stream_of(concern), error_code=str(unreadable), outcome="fetched")
            return
        record = content.get("card")
        if content.get("case") != str(case) or not isinstance(record, dict):
            log.warning("card.not_hers", stream=stream_of(concern), outcome="fetched")
            return
        if await self.concerned(case, concern) and (holding := await self.holdings.of(case)) is not None:
            await self.keep(holding, record)

    async def keep(self, holding: Holding, record: Mapping[str, Any]) -> None:
        """Seal a card for as long as it is needed; the newest one counts."""
        if record == await self._record(holding):
            return
        cause = await self.holdings.sealing(holding)
        if cause is None:
            return
        try:
            await self._vault.seal(subject=holding.subject, stream=holding.stream, cause=cause, record=record)
        except Erased:
            return
        await self.holdings.sealed(holding)

    async def of(self, case: UUID) -> Card | None:
        """The card of a case; None while it is not there."""
        holding = await self.holdings.of(case)
        record = await self._record(holding) if holding is not None else None
        return card_from(record) if record is not None else None

    async def _record(self, holding: Holding) -> dict[str, Any] | None:
        if holding.state != "kept":
            return None
        records = await self._vault.of(holding.subject)
        return records[-1] if records else None

    async def erase_what_left(self) -> None:
        """Destroy the keys of cards that nothing needs any more."""
        for one in await self.holdings.leaving():
            for subject in one["leaving"]:
                await self._vault.erase(subject)
            await self.holdings.left(one["_id"], one["leaving"])
