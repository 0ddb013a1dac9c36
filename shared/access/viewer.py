"""Who looks at a page, as the page needs to know it: put there by sign-in, read by the base page, never a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

STAY: Final = "/session/stay"
"""POST: keep the session alive; answers a script with 2xx JSON `{"seconds": until the idle end}`, a form with 303."""
SWITCH: Final = "/session/role"
"""POST with `role`: act in another of one's own roles."""
END: Final = "/session/end"
"""POST: sign out."""
END_EVERYWHERE: Final = "/session/end-everywhere"
"""POST: sign out of every device."""
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "Beside-Csrf"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person's session. `role` is the one she acts in, one of `roles`; `sites` are where she acts.

    `csrf` goes into every form of hers. Unless she acts, she is signed out at `idle_ends_at`; whatever she does, at
    `ends_at`. Both are aware, UTC.
    """

    role: str
    roles: tuple[str, ...]
    provider: str | None
    sites: tuple[str, ...]
    csrf: str
    idle_ends_at: datetime | None
    ends_at: datetime | None


def viewer_of(request: Request) -> Viewer | None:
    """Who looks, None where nobody signed in; sign-in leaves it in `request.state.viewer`."""
    found: Viewer | None = getattr(request.state, "viewer", None)
    return found
