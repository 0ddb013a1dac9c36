"""Proves a caller by her session's cookie; what she changes must also carry the word that only her pages have."""

import hmac
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from shared.access.caller import Caller
from shared.access.policy.table import Operation
from shared.access.refusals import not_allowed, unproved
from shared.access.session.cookies import Cookie
from shared.access.session.kept import Session, Sessions
from shared.access.viewer import CSRF_FIELD, CSRF_HEADER, Viewer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"


class SessionCookie:
    """An authenticator; the session it finds is left in `request.state.session`, for pages as a `Viewer`."""

    def __init__(self, cookie: Cookie, sessions: Sessions) -> None:
        self._cookie = cookie
        self._sessions = sessions

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """See `Authenticator`. Raises `Refused`: 401 for a session that is over, 403 for a form that is not hers."""
        secret = self._cookie.read(request)
        if secret is None:
            return None
        session = await self._sessions.find(secret)
        if session is None:
            raise unproved("access.session_over")
        if request.method not in SAFE and not await _is_hers(request, session):
            raise not_allowed("access.form_not_hers")
        request.state.session = session
        request.state.viewer = _viewer(session)
        return session.caller


async def _is_hers(request: Request, session: Session) -> bool:
    """Whether a change comes from a page of hers: the word in a header or in the form; browsers add where it began."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    said = request.headers.get(CSRF_HEADER)
    if said is None and request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        said = _field(await request.body())
    return said is not None and hmac.compare_digest(said.encode(), session.csrf.encode())


def _field(body: bytes) -> str | None:
    try:
        found: dict[str, list[Any]] = parse_qs(body.decode("ascii"), max_num_fields=500)
    except ValueError:
        return None
    values = found.get(CSRF_FIELD, [])
    return str(values[0]) if len(values) == 1 else None


def _viewer(session: Session) -> Viewer:
    caller = session.caller
    return Viewer(
        role=caller.role,
        roles=caller.roles,
        provider=caller.provider,
        sites=caller.sites,
        csrf=session.csrf,
        idle_ends_at=session.idle_ends_at,
        ends_at=session.ends_at,
    )
