"""Gives an application what every service with pages has: assets, signing in and out, headers, refusals as pages."""

from fastapi import FastAPI

from shared.access.session.wiring import SignIn
from shared.runtime.settings import ServiceSettings
from shared.web.app import dress
from shared.web.headers import PageSettings
from shared.web.home import home_routes
from shared.web.pages import Pages
from shared.web.sign_in import LEAVE, sign_in_routes


def add_pages(
    app: FastAPI,
    settings: ServiceSettings,
    sign_in: SignIn,
    pages: Pages,
    *,
    connect: tuple[str, ...] = (),
    unlock: tuple[str, str] | None = None,
) -> None:
    """Hang them on; call it once. `connect`: origins beside its own that the service's pages may speak to.

    `unlock`: the cookie of a remembered phone, and where its PIN is asked for instead of a sign-in.
    """
    app.include_router(pages.routes())
    app.include_router(sign_in_routes(sign_in, pages))
    app.include_router(home_routes(sign_in.service, settings.service_urls, pages))
    dress(
        app,
        PageSettings(
            public_url=settings.public_url,
            issuer=settings.issuer,
            connect=connect,
            clock=sign_in.clock,
            sign_in=LEAVE if sign_in.issuer is not None else "",
            unlock=unlock,
            service=sign_in.service,
            services=settings.service_urls,
        ),
    )
