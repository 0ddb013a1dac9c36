"""Whose referral it is: the organisation a caller proved to belong to, and whether a code is one of its own."""

from collections.abc import Collection

from services.referral.adapters.bars_headers import UNKNOWN
from shared.access.caller import Caller
from shared.runtime.problems import Refused

MISMATCH = "access.organisation_mismatch"
TRUST_CODE = 3
SITE_CODE = 5
"""Lengths of a trust's code and of its sites' codes, which begin with it (NHS data dictionary: RH8, RH802)."""


def organisation_of_caller(caller: Caller) -> str:
    """The code its referrals are kept under: its organisation, else the provider a member of staff works for."""
    return next(iter(caller.organisations), None) or caller.provider or caller.id


def sending(caller: Caller, said: str) -> str:
    """The caller's organisation for a message in whose header `said` stands (`bars_headers.UNKNOWN`: nothing).

    Raises `Refused` (403) when it is neither one of the caller's organisations nor a site of one.
    """
    if said == UNKNOWN:
        return organisation_of_caller(caller)
    found = next((own for own in caller.organisations if belongs(said, [own])), None)
    if found is None:
        raise Refused(403, MISMATCH, "This client may not send for this organisation.")
    return found


def belongs(code: str, organisations: Collection[str]) -> bool:
    """Whether `code` is one of the organisations, or a site of one that is a trust."""
    if code in organisations:
        return True
    return len(code) == SITE_CODE and code[:TRUST_CODE] in organisations
