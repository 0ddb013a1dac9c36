"""Her word on what may be done with what is known of her: asked by a person, kept with the wording she heard (S16)."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import orjson
import yaml
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from services.referral.adapters.intake import Intake
from services.referral.adapters.queries import NOT_HERE, Referrals
from services.referral.domain.commands import ChangeConsent
from shared.access.app import guarded_router
from shared.access.caller import Caller
from shared.access.guard import caller_of_request, reach_of, within
from shared.access.reach import Reach
from shared.events.codes import Code
from shared.events.ids import command_cause
from shared.programmes.model import Governed
from shared.runtime.body import NOT_LISTED, fields_refused
from shared.runtime.http import claim_for, idempotency_key, parse, read_body
from shared.runtime.operation import performs
from shared.runtime.submission import Outcome, Submission
from shared.web.forms import form_of
from shared.web.pages import redirect

OPERATION = "consent"


class ConsentRules(Governed):
    """The shape of rules/consent.yaml."""

    agreed: bool
    scopes: Mapping[Code, str]
    ways: tuple[Code, ...]


def consent_rules_from(text: str) -> ConsentRules:
    """Read the file. Raises `ValueError` for anything that is not as the shape says."""
    return ConsentRules.model_validate(yaml.safe_load(text))


class Word(BaseModel):
    """What she said about one scope, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Code
    given: Literal["yes", "no", "not_asked"]
    how: Code


class Consents:
    """Records what she said."""

    def __init__(self, intake: Intake, referrals: Referrals, rules: ConsentRules) -> None:
        self._intake = intake
        self._referrals = referrals
        self.rules = rules

    async def record(self, case: UUID, word: Word, key: str, *, reach: Reach, by: Caller) -> Outcome:
        """Durable on return, and in effect: whatever asks next is told by it.

        Raises `Refused` (422) for a scope or way that is not in the data, `NotFound` for a case out of reach.
        """
        self._must_be_known(word)
        found = (await self._referrals.some([case])).get(case)
        within(reach, found.placed if found else None, NOT_HERE)
        asked = ChangeConsent(case, word.scope, word.given, word.how, self.rules.version, str(by))
        return await self._intake.executor.submit(
            Submission(
                input=asked,
                cause=command_cause(by.client, f"{OPERATION}/{case}", key),
                claims=(claim_for(by.client, OPERATION, key),),
                digest=f"{self._intake.digest(orjson.dumps(word.model_dump()))}/{case}",
            )
        )

    def _must_be_known(self, word: Word) -> None:
        unknown = ["scope"] if word.scope not in self.rules.scopes else []
        unknown += ["how"] if word.how not in self.rules.ways else []
        if unknown:
            raise fields_refused((name, NOT_LISTED) for name in unknown)


def consent_routes(consents: Consents) -> APIRouter:
    """The JSON door and the form on a referral's page."""
    router = guarded_router()

    @router.post("/api/referrals/{case}/consents")
    @performs("consent.record")
    async def record(case: UUID, request: Request) -> dict[str, Any]:
        """Her word on one scope. A withdrawal is in effect with this answer."""
        word, by = parse(Word, await read_body(request)), caller_of_request(request)
        outcome = await consents.record(case, word, idempotency_key(request), reach=reach_of(request), by=by)
        return {"id": str(case), "version": outcome.version, "scope": word.scope, "given": word.given}

    @router.post("/sent/{case}/consents", include_in_schema=False)
    @performs("consent.record")
    async def from_page(case: UUID, request: Request) -> Response:
        form = await form_of(request)
        word = parse(Word, orjson.dumps({name: form.one(name) for name in Word.model_fields}))
        await consents.record(case, word, form.one("key"), reach=reach_of(request), by=caller_of_request(request))
        return redirect(request, f"/sent/{case}")

    return router
