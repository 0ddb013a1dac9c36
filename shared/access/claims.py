"""From an issuer's claims to a caller: roles, provider, sites and organisations by the names the settings give."""

import re
from datetime import UTC, datetime
from typing import Any

from shared.access.caller import Caller, Via
from shared.access.refusals import unproved
from shared.access.roles import ROLES, written
from shared.access.settings import ClaimNames
from shared.access.tokens import Claims

SYSTEM = "referrer-system"
PERSON_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
ORGANISATION = re.compile(r"[A-Z0-9]{3,12}")
"""The shape of an ODS code (NHS data dictionary frames); which ones exist is a directory's to say."""


def caller_of(claims: Claims, names: ClaimNames, *, via: Via, role: str | None = None) -> Caller:
    """The caller whom checked claims describe, acting in `role` or in the first of hers.

    Raises `Refused` (401) for claims without a usable id, and for a role she does not hold.
    """
    said = {written(one) for one in _texts(claims, names.roles)}
    roles = tuple(known for known in ROLES if known in said)  # in one order, whatever the issuer's
    system = SYSTEM in roles
    found = str(_at(claims, names.client if system else names.person) or "")
    if not PERSON_ID.fullmatch(found):
        raise unproved("access.token_subject")
    if role is not None and role not in roles:
        raise unproved("access.token_role")
    return Caller(
        kind="system" if system else "person",
        id=found,
        role=SYSTEM if system else role or (roles[0] if roles else "nobody"),
        via=via,
        roles=roles,
        provider=next(iter(_texts(claims, names.provider)), None),
        sites=tuple(_texts(claims, names.sites)),
        organisations=tuple(code for code in _texts(claims, names.organisations) if ORGANISATION.fullmatch(code)),
        scopes=frozenset(str(_at(claims, names.scope) or "").split()),
        proof=str(claims.get("jti") or claims.get("sid") or ""),
        proved_at=_moment(claims.get("auth_time")),
    )


def _moment(value: Any) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None


def _at(claims: Claims, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _texts(claims: Claims, path: str) -> list[str]:
    """The texts at a path, whether one or a list."""
    value = _at(claims, path)
    values = value if isinstance(value, list) else [value]
    return [one.strip() for one in values if isinstance(one, str) and one.strip()]
