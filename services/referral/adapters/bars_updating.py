"""A sender says more about its referral by a message: it adds and corrects, and takes nothing dangerous back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.referral.adapters.bars_bundle import Bundle
from services.referral.adapters.bars_faults import BarsRefused
from services.referral.adapters.bars_headers import Sender
from services.referral.adapters.bars_later import Later
from services.referral.adapters.bars_mapper import Said
from services.referral.adapters.mapped import searchable
from services.referral.adapters.queries import People, Referrals
from services.referral.domain.commands import UpdateReferral
from shared.runtime.sealing import Erased
from shared.runtime.submission import Outcome


class Updating:
    """Takes updates."""

    def __init__(self, later: Later, referrals: Referrals, people: People) -> None:
        self._later = later
        self._referrals = referrals
        self._people = people

    async def take(self, bundle: Bundle, sender: Sender) -> Outcome:
        """Update the referral that the message is about. Raises `BarsRefused`.

        Whose it is is asked before anything about her is sealed: what a stranger says of her is not kept under her.
        """
        later = self._later
        case = await later.case_of(bundle, sender)
        said = later.read(bundle, sender)
        await later.raise_worries(case, said, sender)
        found = (await self._referrals.some([case])).get(case)
        if found is None or found.placed.organisation != sender.organisation:
            raise BarsRefused("bars.not_found")
        if found.shown["status"] == "closed":
            raise BarsRefused("bars.moved_on")
        return await self.say_more(case, said, sender)

    async def say_more(self, case: UUID, said: Said, sender: Sender, *, words: Sequence[str] = ()) -> Outcome:
        """Add what a message says to an open referral of its sender; `words` beside those that stand in it."""
        later, intake = self._later, self._later.intake
        text = "\n".join((*words, str(said.identity.get("text", "")))).strip()
        known = await self._people.identity(case)
        fresh = more_of_her(known, said.identity | ({"text": text} if text else {}), day=intake.clock.now().date())
        asked = UpdateReferral(
            case=case,
            organisation=sender.organisation,
            baby=said.baby,
            conditions=said.coded.conditions,
            measures=said.coded.measures,
            age_band=said.found.age_band,
            text_unread=any(fresh.get(name) != known.get(name) for name in ("text", "unknown") if name in fresh),
        )
        try:
            await intake.vault.seal(
                subject=case, stream=asked.stream, cause=sender.cause, record=fresh, index=searchable(known | fresh)
            )
        except Erased:
            raise BarsRefused("bars.moved_on") from None
        return await later.submit(asked, sender)


def more_of_her(known: Mapping[str, Any], said: Mapping[str, Any], *, day: date) -> dict[str, Any]:
    """The record of an update: newer facts win, words and flags only grow, and contact never becomes safer (S6, S9).

    `known` is everything in the vault so far, `said` what the update holds; a sender never knows that contact is safe.
    """
    fresh = {name: value for name, value in said.items() if name not in ("text", "flags", "unknown", "safe_to_contact")}
    if said.get("safe_to_contact") == "no":
        fresh["safe_to_contact"] = "no"
    fresh["flags"] = _grown(said.get("flags", []), known.get("flags", []))
    if words := _unheard(str(said.get("text", "")), str(known.get("text", ""))):
        fresh["text"] = f"{known.get('text', '')}\n\n{day.isoformat()}:\n{words}".strip()
    if "unknown" in said:
        fresh["unknown"] = _all_unknown(known.get("unknown", {}), said["unknown"])
    return fresh


def _grown(newest: list[dict[str, str]], before: list[dict[str, str]]) -> list[dict[str, str]]:
    told = {one["code"] for one in newest}
    return [*newest, *(one for one in before if one["code"] not in told)]


def _unheard(text: str, before: str) -> str:
    """The lines that are not there yet: an update repeats what the first message said."""
    lines = set(before.splitlines())
    return "\n".join(line for line in text.splitlines() if line not in lines)


def _all_unknown(before: Mapping[str, list[Any]], newest: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    fields = dict.fromkeys((*before, *newest))
    return {
        name: [*before.get(name, []), *(one for one in newest.get(name, []) if one not in before.get(name, []))]
        for name in fields
    }
