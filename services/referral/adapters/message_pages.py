"""The pages of messages that wait for a reader."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.referral.adapters.messages import KeptMessages
from services.referral.adapters.pages import lines
from shared.access.app import guarded_router, may
from shared.access.guard import caller_of_request, reach_of
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.web.forms import form_of
from shared.web.pages import Pages, redirect
from shared.web.terms import Terms

READING = "message.settle"


def message_routes(messages: KeptMessages, pages: Pages, terms: Terms) -> APIRouter:
    """The list, one message, and its form."""
    router = guarded_router(include_in_schema=False)

    @router.get("/messages")
    @performs("message.list")
    async def listed(request: Request) -> Response:
        found = await messages.waiting(reach_of(request))
        return pages.page(request, "messages.html", messages=found, terms=terms)

    @router.get("/messages/{message}")
    @performs("message.read")
    async def one(message: UUID, request: Request) -> Response:
        found, words = await messages.one(message, reach_of(request)), await messages.words(message)
        may_read = found["read_by"] is None and may(request, READING, found)
        shown = {
            "message": found,
            "her": lines(words),
            "text": words.get("text", ""),
            "may_read": may_read,
            "key": new_id(),
        }
        return pages.page(request, "message.html", terms=terms, **shown)

    @router.post("/messages/{message}/read")
    @performs(READING)
    async def read(message: UUID, request: Request) -> Response:
        await messages.one(message, reach_of(request))
        await messages.mark_read(message, caller_of_request(request), (await form_of(request)).one("key"))
        return redirect(request, "/messages")

    return router
