"""Hangs every page of support on its application."""

from pathlib import Path

from fastapi import FastAPI

from services.support.adapters.doors import Doors
from services.support.adapters.pages import page_routes
from services.support.adapters.phone_pages import UNLOCK, Phones, phone_routes
from services.support.adapters.volunteer_pages import volunteer_page_routes
from services.support.adapters.worry_pages import Button, worry_page_routes
from shared.access.glass.kept import BrokenGlass
from shared.access.service_keys import Signer
from shared.runtime.settings import ServiceSettings
from shared.web.break_glass import break_glass_routes
from shared.web.pages import Pages
from shared.web.terms import Terms
from shared.web.wiring import add_pages

TEMPLATES = Path(__file__).parent.parent / "pages"


def hang_pages(
    app: FastAPI, settings: ServiceSettings, doors: Doors, phones: Phones, terms: Terms, glass: BrokenGlass,
    signer: Signer,
) -> None:  # fmt: skip
    """Call it once, after all other routes."""
    safeguarding = settings.service_urls.get("safeguarding", "")
    pages, button = Pages(TEMPLATES), Button(signer, safeguarding, doors)
    app.include_router(break_glass_routes(glass, pages))
    app.include_router(page_routes(doors, pages, terms, button))
    app.include_router(worry_page_routes(doors, pages, button))
    app.include_router(phone_routes(phones, pages, terms))  # before those that take any word after a volunteer
    app.include_router(volunteer_page_routes(doors, pages, terms))
    connect = (safeguarding,) if safeguarding else ()
    add_pages(app, settings, phones.sign_in, pages, connect=connect, unlock=(phones.cookie.name, UNLOCK))
