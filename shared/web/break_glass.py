"""The page on which somebody reaches beyond her own records: why, for how long, who is told; and the way back."""

from typing import Any

from fastapi import APIRouter, Request, Response

from shared.access.app import guarded_router
from shared.access.glass.doors import broken
from shared.access.glass.kept import BrokenGlass, UnknownReason
from shared.access.guard import caller_of_request
from shared.runtime.clock import new_id
from shared.runtime.operation import performs
from shared.web.forms import Fault, Faults, form_of
from shared.web.pages import Pages, redirect

PATH = "/break-glass"


def break_glass_routes(glass: BrokenGlass, pages: Pages) -> APIRouter:
    """See it, begin it, end it. Every page of hers says while it lasts that it does (templates/base.html)."""
    router = guarded_router(include_in_schema=False)

    def shown(request: Request, *, status: int = 200, faults: Faults | None = None) -> Response:
        values: dict[str, Any] = {"rules": glass.rules, "key": new_id(), "faults": faults or Faults()}
        return pages.page(request, "break_glass.html", status=status, **values)

    @router.get(PATH)
    @performs("break-glass.see")
    async def see(request: Request) -> Response:
        return shown(request)

    @router.post(PATH)
    @performs("break-glass.begin")
    async def begin(request: Request) -> Response:
        form = await form_of(request)
        try:
            await broken(request, glass, form.one("reason"), form.one("key") or str(new_id()))
        except UnknownReason:
            return shown(request, status=422, faults=Faults((Fault("reason", "Choose why"),)))
        return redirect(request, PATH)

    @router.post(f"{PATH}/end")
    @performs("break-glass.end")
    async def end(request: Request) -> Response:
        await glass.end(caller_of_request(request))
        return redirect(request, PATH)

    return router
