"""Takes her own referral: a danger she names is on record before the rest of the form is looked at (SAFETY S3)."""

from collections.abc import Mapping
from datetime import datetime

import orjson
from pydantic import ValidationError

from services.referral.adapters.intake import Asking, Intake
from services.referral.adapters.self_form import HERSELF, SelfForm, SelfRules, danger_in, to_self_referral
from services.referral.domain.commands import KeepRefusedWorry
from shared.events.ids import command_cause, refusal_id
from shared.runtime.body import claim_for
from shared.runtime.submission import Submission

INCOMPLETE = 422


class SelfReferral:
    """What the pages ask of intake."""

    def __init__(self, intake: Intake, rules: SelfRules) -> None:
        self._intake = intake
        self.rules = rules

    def known_site(self, site: str) -> bool:
        """Whether somebody runs a programme there."""
        return self._intake.data.sites.site(site) is not None

    def read_next(self) -> datetime:
        """When somebody reads what is sent now (S11)."""
        now = self._intake.clock.now()
        return now if self.rules.read_at.open_at(now) else self.rules.read_at.next_opening(now)

    async def take(self, site: str, said: Mapping[str, str], key: str) -> None:
        """Durable on return; sent again under the same key it is the same referral.

        Raises `ValidationError` for a form that is not complete, once the danger in it is durable; `KeyReused` for
        other words under a key that was used, and `Failure`.
        """
        try:
            form = SelfForm.model_validate(self._listed(said))
        except ValidationError:
            await self._keep_danger(site, said.get("danger", ""), key)
            raise
        mapped = to_self_referral(form, site, self._intake.origin(HERSELF, key))
        body = orjson.dumps(form.model_dump(mode="json"))
        asking = Asking(
            cause=command_cause(HERSELF, "form", key),
            claims=(claim_for(HERSELF, "referral", key),),
            digest=self._intake.digest(body),
            correlation=None,
        )
        await self._intake.take(mapped, asking)

    def _listed(self, said: Mapping[str, str]) -> dict[str, str]:
        """Without a code that no list has: anybody could make one up, and it would travel (decision 0012)."""
        known = said.get("heard_from") in self.rules.heard_from
        return {name: value for name, value in said.items() if known or name != "heard_from"}

    async def _keep_danger(self, site: str, said: str, key: str) -> None:
        worry = danger_in(self._intake.data.risk, key, said)
        if worry is None:
            return
        kept = KeepRefusedWorry(refusal_id(HERSELF, key), HERSELF, INCOMPLETE, "form.incomplete", worry)
        cause = command_cause(HERSELF, "form-danger", f"{key}/{said}")
        await self._intake.executor.submit(Submission(kept, cause, scope=self._intake.scope(site)))
