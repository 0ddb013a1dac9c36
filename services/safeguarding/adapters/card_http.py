"""The contact card over HTTP: for whoever took the concern, with her own code; no sign-in and no step-up (S21)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.safeguarding.adapters.http import NO_STORE, Doors, codes_refused
from services.safeguarding.adapters.passes import caller_of
from shared.access.app import guard_of, guarded_router
from shared.access.reach import Reach
from shared.runtime.body import parse, read_body
from shared.runtime.operation import performs


class CodeBody(BaseModel):
    """A personal code."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=64)


def card_routes(doors: Doors) -> APIRouter:
    """The one route for programs; people have a page."""
    router = guarded_router(prefix="/api")

    @router.post("/concerns/{concern}/card")
    @performs("concern.card")
    async def card(concern: UUID, request: Request) -> Response:
        """The contact card of a concern one has taken, or the numbers that stand in for it."""
        body = parse(CodeBody, await read_body(request))
        acting = await knows_code(doors, concern, body.code)
        await guard_of(request).note_as(Reach("concern.card", "any", caller_of(acting)), [str(concern)])
        return JSONResponse(jsonable_encoder(await doors.opening.open(concern, acting)), headers=NO_STORE)

    return router


async def knows_code(doors: Doors, concern: UUID, code: str) -> str:
    """Whose code this is, as role and id, if she has taken the concern. Raises `Rejected` and `Refused`."""
    with codes_refused():
        return await doors.opening.person(concern, code)
