"""The first page of every service: leads to where somebody's role begins, or says that it begins nowhere."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from shared.access.app import guarded_router
from shared.access.guard import caller_of_request
from shared.runtime.operation import performs
from shared.web.headers import page_headers, settings_of
from shared.web.navigation import links
from shared.web.pages import Pages


def home_routes(service: str, urls: Mapping[str, str], pages: Pages) -> APIRouter:
    """`GET /`. A page of this service comes first, so that whoever opens a service stays in it."""
    router = guarded_router(include_in_schema=False)

    @router.get("/")
    @performs("session.own")
    async def home(request: Request) -> Response:
        role = caller_of_request(request).role
        here = links(role, {service: settings_of(request.app).root or urls.get(service, "")}, service, "")
        places = here or links(role, urls, service, "")
        if not places:
            return pages.page(request, "home.html")
        return RedirectResponse(places[0].href, 303, page_headers(settings_of(request.app)))

    return router
