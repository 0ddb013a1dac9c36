"""Breaking the glass over HTTP, for programs; people have a page (shared/web/break_glass.py)."""

from uuid import UUID, uuid5

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from shared.access.app import guard_of, guarded_router
from shared.access.caller import Caller
from shared.access.glass.kept import BrokenGlass, Glass, whose
from shared.access.guard import caller_of_request
from shared.events.ids import BESIDE
from shared.runtime.body import idempotency_key, parse, read_body
from shared.runtime.operation import performs


class Asked(BaseModel):
    """Why, as a code of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(max_length=80)


def glass_routes(glass: BrokenGlass) -> APIRouter:
    """Begin and end."""
    router = guarded_router(prefix="/api")

    @router.post("/break-glass", status_code=201)
    @performs("break-glass.begin")
    async def begin(request: Request) -> dict[str, str]:
        """Reach beyond one's row; the information-governance lead is told, and each look is noted."""
        key = idempotency_key(request)
        begun = await broken(request, glass, parse(Asked, await read_body(request)).reason, key)
        return {"id": str(begun.id), "reason": begun.reason, "ends_at": begun.ends_at.isoformat()}

    @router.post("/break-glass/end", status_code=204)
    @performs("break-glass.end")
    async def end(request: Request) -> None:
        """Back to one's own row before the time is up."""
        await glass.end(caller_of_request(request))

    return router


async def broken(request: Request, glass: BrokenGlass, reason: str, key: str) -> Glass:
    """Break it for whoever asks; the same key again is the same glass. Raises what `begin` raises."""
    caller = caller_of_request(request)
    begun = await glass.begin(caller, reason, glass_id(caller, key))
    await guard_of(request).note(request, [str(begun.id)], purpose=begun.reason)
    return begun


def glass_id(caller: Caller, key: str) -> UUID:
    """The name of what one person asked for once."""
    return uuid5(BESIDE, f"break-glass/{whose(caller)}/{key}")
