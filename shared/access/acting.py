"""Who acts, until there is sign-in: a header that only callers on this very machine may use."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request

from shared.runtime.problems import Refused

HEADER = "Beside-Acting"
ROLES = frozenset(
    {
        "referrer-system", "referrer", "triage-worker", "project-manager", "volunteer", "facilitator",
        "safeguarding-lead", "safeguarding-manager", "trainer", "evaluator", "commissioner", "auditor",
        "information-governance", "operator",
    }
)  # fmt: skip
"""Written with hyphens; an underscore in their place is read as one (docs/design.md, Who may do what)."""
WELL_FORMED = re.compile(r"([a-z_-]{1,40})/([A-Za-z0-9._-]{1,80})")
CHALLENGE = {"WWW-Authenticate": HEADER}


@dataclass(frozen=True, slots=True)
class Acting:
    """A person in a role."""

    role: str
    id: str

    def __str__(self) -> str:
        return f"{self.role}/{self.id}"

    def is_any(self, *roles: str) -> bool:
        """Whether this is one of `roles`."""
        return self.role in {_written(role) for role in roles}

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """Who acts, or None without the header.

        Raises `Refused` (401) for a header that is malformed, stands twice, names no role, or is not from this machine.
        """
        said = request.headers.getlist(HEADER)
        if not said:
            return None
        found = WELL_FORMED.fullmatch(said[0])
        if len(said) > 1 or found is None or _written(found[1]) not in ROLES or not _local(request):
            detail = f"{HEADER} must be <role>/<id>, and is taken from this machine only."
            raise Refused(401, "acting.unknown", detail, headers=CHALLENGE)
        return cls(_written(found[1]), found[2])


def acting(request: Request) -> Acting | None:
    """Who acts, or None; see `Acting.of`."""
    return Acting.of(request)


def require(request: Request, *roles: str) -> Acting:
    """Who acts, in one of `roles` (none: any role). Raises `Refused`: 401 for nobody, 403 for another role."""
    person = Acting.of(request)
    if person is None:
        raise Refused(401, "acting.missing", f"Say who acts in the header {HEADER}.", headers=CHALLENGE)
    if roles and not person.is_any(*roles):
        raise Refused(403, "acting.not_allowed", "This role may not do this.")
    return person


def _written(role: str) -> str:
    return role.replace("_", "-")


def _local(request: Request) -> bool:
    """Whether the socket's other end is this machine (127/8, ::1, or 127/8 written as IPv6); names do not count."""
    if request.client is None:
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
