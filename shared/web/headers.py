"""The headers of every page: it is kept nowhere, framed by nobody, loads only our own and tells no link's end (S10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI

from shared.runtime.clock import Clock, SystemClock

HSTS: Final = "max-age=31536000"
NOT_USED: Final = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the pages of one service need to know about where it runs.

    `public_url` is how browsers reach the service; `issuer` the origin that signing out may lead to; `connect` origins
    that every page's script may speak to ("https://safeguarding.example.org"). `sign_in` is the path where one signs
    in, "" where nobody does; `unlock` the cookie of a remembered phone and the path where its PIN is asked for.
    `service` is which one this is, `services` how browsers reach each of them.
    """

    public_url: str = ""
    issuer: str = ""
    connect: tuple[str, ...] = ()
    clock: Clock = field(default_factory=SystemClock)
    sign_in: str = ""
    unlock: tuple[str, str] | None = None
    service: str = ""
    services: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """What stands before every path of ours for browsers, "" or "/triage": a front door may take it off."""
        return urlsplit(self.public_url).path.rstrip("/")


def settings_of(app: FastAPI) -> PageSettings:
    """The settings that `dress` gave an application; the plainest for one that was not dressed."""
    found: PageSettings = getattr(app.state, "page_settings", None) or PageSettings()
    return found


def page_headers(settings: PageSettings, connect: tuple[str, ...] = ()) -> dict[str, str]:
    """What every page is sent with; `connect` are origins that this page's script may speak to beside the usual."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _content_policy(settings, (*settings.connect, *connect)),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in NOT_USED),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if settings.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = HSTS
    return headers


def _content_policy(settings: PageSettings, connect: tuple[str, ...]) -> str:
    """No `data:`: neither our style sheet nor NHS.UK frontend's holds a picture."""
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            " ".join(("connect-src 'self'", *map(_origin, dict.fromkeys(connect)))),
            " ".join(("form-action 'self'", *([_origin(settings.issuer)] if settings.issuer else []))),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _origin(url: str) -> str:
    """Scheme, host and port of an address. Raises `ValueError` for what is none: it would open the policy."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    if scheme not in ("http", "https") or not host or any(mark in host for mark in " ;,*@'\""):
        raise ValueError("not an origin")
    return f"{scheme}://{host}"
