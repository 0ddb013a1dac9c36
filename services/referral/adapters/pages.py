"""The pages of referrals: those that were sent, and one of them, with who it is about for those who may know."""

from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.referral.adapters.consents import ConsentRules
from services.referral.adapters.reading import Reading
from shared.access.app import guarded_router, may
from shared.access.guard import reach_of
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.web.pages import Pages
from shared.web.terms import Terms

TEMPLATES = Path(__file__).parent.parent / "pages"
HER = (
    "given", "family", "birth_date", "nhs_number", "nhs_number_status", "safe_to_contact", "reach", "phone", "email",
    "reach_detail", "postcode",
)  # fmt: skip
"""What stands in a line of its own; the words that came are shown beneath."""
ASKING = "consent.record"


def page_routes(reading: Reading, pages: Pages, terms: Terms, rules: ConsentRules) -> APIRouter:
    """The two pages."""
    router = guarded_router(include_in_schema=False)

    @router.get("/sent")
    @performs("referral.list")
    async def sent(request: Request) -> Response:
        found = await reading.sent(reach_of(request))
        return pages.page(request, "sent.html", referrals=found, terms=terms)

    @router.get("/sent/{case}")
    @performs("referral.read")
    async def one(case: UUID, request: Request) -> Response:
        found = await reading.one(request, case)
        person = found.get("person")
        asked: dict[str, Any] = {"rules": rules, "may_ask": may(request, ASKING, found), "key": new_id()}
        return pages.page(
            request,
            "referral.html",
            referral=found,
            person=None if person is None else lines(person),  # None for readers who may not know
            terms=terms,
            **_words(person),
            **asked,
        )

    return router


def lines(person: dict[str, Any]) -> dict[str, str]:
    """What is known of her by name; nothing once she is erased."""
    return {name: str(person[name]) for name in HER if person.get(name)}


def _words(person: dict[str, Any] | None) -> dict[str, Any]:
    """The words that came with the referral, and the others whom she or the sender named."""
    known = person or {}
    return {
        "text": known.get("text"),
        "contacts": known.get("contacts") or [],
        "referrers": known.get("referrer") or [],
    }
