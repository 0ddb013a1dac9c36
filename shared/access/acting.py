"""Who acts, until there is sign-in: a header that only callers on this very machine may use."""

import ipaddress
import re
from dataclasses import dataclass

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
WELL_FORMED = re.compile(r"([a-z-]{1,40})/([A-Za-z0-9._-]{1,80})")


@dataclass(frozen=True, slots=True)
class Acting:
    """A person in a role."""

    role: str
    id: str

    def __str__(self) -> str:
        return f"{self.role}/{self.id}"


def acting(request: Request) -> Acting | None:
    """Who acts, or None without the header. Raises `Refused` (401) for a header that is unknown or not from here."""
    said = request.headers.get(HEADER)
    if said is None:
        return None
    found = WELL_FORMED.fullmatch(said)
    if not found or found[1] not in ROLES or not _local(request):
        raise Refused(401, "acting.unknown", f"{HEADER} must be <role>/<id>, and is taken from this machine only.")
    return Acting(found[1], found[2])


def require(request: Request, *roles: str) -> Acting:
    """Who acts, in one of `roles`. Raises `Refused`: 401 for nobody, 403 for another role."""
    person = acting(request)
    if person is None:
        raise Refused(401, "acting.missing", f"Say who acts in the header {HEADER}.")
    if roles and person.role not in roles:
        raise Refused(403, "acting.not_allowed", "This role may not do this.")
    return person


def _local(request: Request) -> bool:
    if request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
