"""Names and attributes of the cookies: a name for each service, since ports of one machine and paths share them."""

from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of one service. With TLS its prefix makes browsers hold it to that (RFC 6265bis section 4.1.3)."""

    name: str
    path: str
    secure: bool
    same_site: Literal["lax", "strict"]

    @classmethod
    def of(cls, what: str, public_url: str, *, same_site: Literal["lax", "strict"] = "lax") -> Self:
        """The cookie `what` ("triage-session") of a service that browsers reach at `public_url`."""
        parts = urlsplit(public_url)
        secure, path = parts.scheme == "https", parts.path.rstrip("/") or "/"
        prefix = "" if not secure else "__Host-" if path == "/" else "__Secure-"
        return cls(f"{prefix}beside-{what}", path, secure, same_site)

    def read(self, request: Request) -> str | None:
        """Its value; None when absent or too long to be ours."""
        value = request.cookies.get(self.name)
        return value if value and len(value) <= 128 else None

    def put(self, response: Response, value: str, *, seconds: int | None = None) -> None:
        """Give it to a browser, for its session or for so many seconds; no script can read it."""
        response.set_cookie(
            self.name,
            value,
            max_age=seconds,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite=self.same_site,
        )

    def drop(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(self.name, self.path, secure=self.secure, httponly=True, samesite=self.same_site)
