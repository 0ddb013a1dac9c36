"""Fills a service's templates over one base page: who looks, her token in every form, and the headers of every page."""

from pathlib import Path
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from shared.access import viewer
from shared.access.viewer import Viewer, viewer_of
from shared.web import moments
from shared.web.assets import assets
from shared.web.compiled import COMPILED
from shared.web.components import Components
from shared.web.headers import PageSettings, page_headers, settings_of
from shared.web.navigation import links
from shared.web.wording import crisis_numbers, sites, wording

HERE: Final = Path(__file__).parent
Direction = Literal["ltr", "rtl"]


class Pages:
    """Templates of one service; each extends "base.html" or "public.html" (docs/pages.md).

    What a template names must be given, or filling it fails. `name` stands in the header, `title_end` after each title;
    empty where a title must say nothing of what this is (SAFETY S10).
    """

    def __init__(self, templates: Path, *, name: str = "Beside", title_end: str = "Beside", home: str = "/") -> None:
        """Raises `NotBuilt` when set-up did not run, `jinja2.TemplateSyntaxError` for a template that is none."""
        self._assets = assets()
        self._templates = _environment(templates)
        self._templates.globals |= {"asset": self._asset, "name": name, "title_end": title_end, "home": home}
        for one in self._templates.list_templates(extensions=["html"]):
            self._templates.get_template(one)

    def page(
        self,
        request: Request,
        template: str,
        /,
        *,
        status: int = 200,
        lang: str = "en-GB",
        dir: Direction = "ltr",  # noqa: A002 - as HTML calls it
        connect: tuple[str, ...] = (),
        **values: Any,
    ) -> HTMLResponse:
        """The template filled with `values`, escaped; `connect` are more origins that its script may speak to.

        Raises `ValueError` for a value that would hide what the base of every page needs under the same name.
        """
        settings = settings_of(request.app)
        who = viewer_of(request)
        path = request.url.path
        places = links(who.role, settings.services, settings.service, path) if who else []
        where = {"root": settings.root, "here": path, "places": places, "services": settings.services}
        about = {
            "glass": getattr(request.state, "glass", None),
            "lang": lang,
            "dir": dir,
            "viewer": who,
            "acting": acting(who),
            **where,
            **ending(who, settings),
        }
        if hidden := values.keys() & (about.keys() | self._templates.globals.keys()):
            raise ValueError(f"{template}: the base has its own {', '.join(sorted(hidden))}")
        text = self._templates.get_template(template).render({**about, **values})
        return HTMLResponse(text, status, page_headers(settings, connect))

    @pass_context
    def _asset(self, context: Context, name: str) -> str:
        return at(context, self._assets.url(name))

    def routes(self) -> APIRouter:
        """The routes of what every page loads."""
        return self._assets.routes()


def _environment(templates: Path) -> Environment:
    """Strict, escaping, and with everything that any page may name."""
    made = Environment(
        loader=FileSystemLoader([templates, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=COMPILED,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.i18n"],
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.filters["moment"] = moments.moment_words
    made.filters["day"] = moments.day_words
    made.filters["hour"] = moments.hour_words
    made.filters["site_name"] = site_name
    made.filters["form_value"] = moments.form_value
    made.globals |= {
        "nhs": Components(),
        "at": at,
        "at_service": at_service,
        "csrf": csrf,
        "paths": viewer,
        "words": wording(),
        "crisis": crisis_numbers(),
    }
    made.globals["beside"] = made.get_template("beside.html").module
    return made


def redirect(request: Request, path: str) -> RedirectResponse:
    """To another page of ours, with a GET; after a form so that reading the page again sends nothing again."""
    settings = settings_of(request.app)
    return RedirectResponse(settings.root + path, 303, page_headers(settings))


@pass_context
def at(context: Context, path: str) -> str:
    """A path of ours as browsers reach it: a front door may stand before it."""
    return f"{context.get('root', '')}{path}"


@pass_context
def at_service(context: Context, service: str, path: str) -> str:
    """A path of another service as browsers reach it; empty where this service was not told."""
    url = context.get("services", {}).get(service)
    return f"{url.rstrip('/')}{path}" if url else ""


@pass_context
def csrf(context: Context) -> Markup:
    """The hidden field that every form of a signed-in person carries; nothing for a visitor's."""
    who = context.get("viewer")
    if who is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(viewer.CSRF_FIELD, who.csrf)


def site_name(site: str) -> str:
    """A site's name for a code; the code where the data have no such site."""
    return named.name if (named := sites().site(site)) else site


def acting(who: Viewer | None) -> str:
    """The role she acts in and where, in words: "Safeguarding lead, Newham"."""
    if who is None:
        return ""
    names = [site_name(one) for one in who.sites]
    places = ", ".join(names) if len(names) <= 2 else f"{len(names)} sites"
    role = wording().roles.get(who.role, who.role)
    return f"{role}, {places}" if places else role


def ending(who: Viewer | None, settings: PageSettings) -> dict[str, Any]:
    """When she is signed out if she does nothing, in how many seconds that is, and whether she can put it off.

    `idle_seconds` is None where nothing says so.
    """
    known = [at for at in (who.idle_ends_at, who.ends_at) if at is not None] if who else []
    if who is None or not known:
        return {"idle_seconds": None}
    ends_at = min(known)
    seconds = max(0, int((ends_at - settings.clock.now()).total_seconds()))
    return {"idle_seconds": seconds, "ends_at": ends_at, "can_stay": ends_at != who.ends_at}
