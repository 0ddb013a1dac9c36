"""What is read of referrals: where one stands, from its own stream; who she is, from the vault."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.referral.domain.state import Closed, Known, Offered, Received, Supported, Waiting
from shared.events.refusal import NotFound
from shared.runtime.executor import Executor
from shared.runtime.vault import Vault

STATUS: dict[type[Known], str] = {
    Received: "received",
    Offered: "offered",
    Waiting: "waiting",
    Supported: "supported",
    Closed: "closed",
}
CONTACT = (
    "given", "family", "birth_date", "phone", "postcode", "safe_to_contact", "nhs_number", "nhs_number_status",
    "contacts", "gp",
)  # fmt: skip


class Referrals:
    """Referrals as the journal has them now, so that a writer reads what it wrote."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def one(self, case: UUID) -> dict[str, Any]:
        """A referral without anything that identifies her. Raises `NotFound`, `UnknownHistory`, `Unavailable`."""
        stream = f"case/{case}"
        known = (await self._executor.states([stream]))[stream]
        if isinstance(known, Exception):
            raise known
        status = STATUS.get(type(known.state))
        if status is None or known.scope is None:
            raise NotFound("referral.unknown", "There is no such referral.")
        referral = known.state.referral
        return {
            "id": str(case),
            "version": known.version,
            "status": status,
            "programme": referral.programme,
            "site": known.scope.site,
            "source": referral.source,
            "route": referral.route,
            "received_at": referral.received_at.isoformat(),
            "text_unread": referral.text_unread,
        }


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

    async def contacts(self, cases: Sequence[UUID]) -> dict[str, dict[str, Any]]:
        """Names and ways to be reached by case id; ids that name nobody, or nobody any more, are left out."""
        wanted = list(dict.fromkeys(cases))
        found = await asyncio.gather(*map(self.identity, wanted))
        return {
            str(case): {name: record[name] for name in CONTACT if name in record}
            for case, record in zip(wanted, found, strict=True)
            if record
        }
