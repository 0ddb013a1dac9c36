"""What safeguarding needs to reach somebody, and nothing else of her: sent along with a worry, or told when it asks.

Only what this service has: no health visitor, volunteer or venue, which no sender and no other service gives it yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.referral.adapters.queries import People, Referrals
from shared.access.caller import service_caller
from shared.access.guard import Guard
from shared.access.letters import Letters
from shared.access.reach import Reach
from shared.events.codes import Baby
from shared.runtime.outgoing import Outgoing

RECEIVER, PURPOSE = "safeguarding", "contact_card"
FIELDS = (
    "given",
    "family",
    "birth_date",
    "phone",
    "safe_to_contact",
    "address",
    "postcode",
    "language",
    "gp",
    "referrer",
)


class Cards:
    """Makes contact cards of identities in the vault and dates in the journal."""

    def __init__(self, referrals: Referrals, people: People) -> None:
        self._referrals = referrals
        self._people = people

    async def of(self, cases: Sequence[UUID]) -> dict[str, dict[str, Any]]:
        """Cards by case id; cases that name nobody, or nobody any more, are left out."""
        known = await self._referrals.some(cases)
        found = {case: await self._people.identity(case) for case in known}
        return {str(case): card(identity, known[case].baby) for case, identity in found.items() if identity}


def card(identity: Mapping[str, Any], baby: Baby | None) -> dict[str, Any]:
    """The card of somebody: relatives are not on it, since one of them may be who harms her (S9)."""
    made = {name: identity[name] for name in FIELDS if name in identity}
    return made | ({"baby": {baby.kind: baby.on.isoformat()}} if baby else {})


class Enclosing:
    """What goes along when a worry is pushed: her card, which only safeguarding can open. Each one is noted first."""

    def __init__(self, cards: Cards, letters: Letters, guard: Guard) -> None:
        self._cards = cards
        self._letters = letters
        self._guard = guard

    async def __call__(self, event: Outgoing) -> Mapping[str, str]:
        """See `shared.runtime.push.Enclose`; nothing for a worry about no case, or about somebody erased."""
        subject = dict(event.headers).get("ce_subject", b"").decode()
        made = (await self._cards.of([UUID(subject)])).get(subject) if subject else None
        if made is None:
            return {}
        reach = Reach("people.lookup", "any", service_caller(RECEIVER))
        await self._guard.note_as(reach, [subject], purpose=PURPOSE)
        return {"card": self._letters.seal(RECEIVER, {"case": subject, "card": made})}
