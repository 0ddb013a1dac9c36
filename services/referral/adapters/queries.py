"""What is read of referrals: where one stands, from its own stream; who she is, from the vault."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.referral.domain.standing import Status
from services.referral.domain.state import CLASSES, Known
from shared.access.guard import within
from shared.access.reach import Placed, Reach
from shared.events.codes import Baby
from shared.runtime import cache
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope
from shared.runtime.vault import Vault

STATUS: dict[type[Known], Status] = {known: status for status, known in CLASSES.items()}
CONTACT = (
    "given", "family", "birth_date", "phone", "postcode", "safe_to_contact", "nhs_number", "nhs_number_status",
    "contacts", "gp",
)  # fmt: skip
FIRST_NAME = ("given", "phone", "safe_to_contact")
"""What a volunteer is told of the person she is matched with."""
NOT_HERE = ("referral.unknown", "There is no such referral.")


@dataclass(frozen=True, slots=True)
class Found:
    """A referral as it stands, and where it belongs."""

    shown: dict[str, Any]
    placed: Placed
    baby: Baby | None = None
    cancelled: bool = False


class Referrals:
    """Referrals as the journal has them now, so that a writer reads what it wrote."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def one(self, case: UUID, reach: Reach) -> Found:
        """A referral without anything that identifies her.

        Raises `NotFound` for one that does not exist and for one out of reach alike; `UnknownHistory`, `Unavailable`.
        """
        found = (await self.some([case])).get(case)
        within(reach, found.placed if found else None, NOT_HERE)
        assert found is not None
        return found

    async def some(self, cases: Sequence[UUID]) -> dict[UUID, Found]:
        """Those of several referrals that exist, with one load. Raises what one that cannot be folded raises."""
        known = await self._executor.states([f"case/{case}" for case in cases])
        found = {}
        for case in cases:
            one = known[f"case/{case}"]
            if isinstance(one, Exception):
                raise one
            if type(one.state) in STATUS and one.scope is not None:
                found[case] = _found(case, one, one.scope)
        return found


def _found(case: UUID, known: cache.Known, scope: Scope) -> Found:
    referral = known.state.referral
    shown = {
        "id": str(case),
        "version": known.version,
        "status": STATUS[type(known.state)],
        "programme": referral.programme,
        "provider": scope.provider,
        "site": scope.site,
        "source": referral.source,
        "route": referral.route,
        "received_at": referral.received_at,
        "text_unread": referral.text_unread,
        "consents": dict(referral.consents),
    }
    placed = Placed(provider=scope.provider, site=scope.site, organisation=referral.sent_by)
    return Found(shown, placed, referral.baby, referral.cancelled)


class People:
    """Who cases are about, for those who may know."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def identity(self, case: UUID) -> dict[str, Any]:
        """Everything known of her, newest word last; nothing once she is erased."""
        known: dict[str, Any] = {}
        for record in await self._vault.of(case):
            known.update(record)
        return known

    async def contacts(self, cases: Sequence[UUID], fields: Sequence[str] = CONTACT) -> dict[str, dict[str, Any]]:
        """Names and ways to be reached by case id; ids that name nobody, or nobody any more, are left out."""
        wanted = list(dict.fromkeys(cases))
        found = await asyncio.gather(*map(self.identity, wanted))
        return {
            str(case): {name: record[name] for name in fields if name in record}
            for case, record in zip(wanted, found, strict=True)
            if record
        }
