"""Opening a contact card: only for whoever has taken the concern, with her own code and nothing else (S21)."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.safeguarding.adapters.cards import Cards
from services.safeguarding.adapters.queries import UNKNOWN, Queries
from services.safeguarding.adapters.taking import Taking
from services.safeguarding.domain.card import Card, CardRules, Number
from services.safeguarding.domain.commands import stream_of
from services.safeguarding.domain.state import Acknowledged, Concern, NotRaised, Paged
from shared.events.refusal import NotFound, Rejected
from shared.runtime.executor import Executor

Standing = Literal["here", "missing", "nobody"]


class NotTaken(Rejected):
    """She has not taken this concern, or it is closed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`missing`: the case has a card that is still being fetched; `nobody`: the concern names no case."""

    standing: Standing
    card: Card
    numbers: tuple[Number, ...]


class Opening:
    """What stands between a code and a card."""

    def __init__(self, executor: Executor, queries: Queries, cards: Cards, taking: Taking, rules: CardRules) -> None:
        self.rules = rules
        self._executor = executor
        self._queries = queries
        self._cards = cards
        self._taking = taking

    async def person(self, concern: UUID, code: str) -> str:
        """Role and id of whoever has this code, if she has taken the concern.

        Raises `CodeRefused`, `TooManyTries`, `NotTaken`; `NotFound` for no concern.
        """
        person = await self._taking.person(concern, code)
        await self._taken(concern, person.acting)
        return person.acting

    async def open(self, concern: UUID, acting: str) -> Opened:
        """The card of a concern for whoever has taken it. Raises `NotTaken`, `NotFound`, `Unavailable`."""
        state = await self._taken(concern, acting)
        case = None if isinstance(state, NotRaised) else state.case
        organisation = await self._queries.referrer_of(case) if case else None
        numbers = self.rules.numbers(await self._queries.site_of(concern), organisation)
        card = await self._cards.of(case) if case else None
        standing: Standing = "here" if card else "missing" if case else "nobody"
        return Opened(standing, card or Card(), numbers)

    async def _taken(self, concern: UUID, acting: str) -> Concern:
        state, _ = await self._executor.state(stream_of(concern))
        if isinstance(state, NotRaised):
            raise NotFound(*UNKNOWN)
        if not isinstance(state, Acknowledged | Paged) or acting not in state.taken_by:
            raise NotTaken("safeguarding.not_taken", self.rules.words["code_first"])
        return state
