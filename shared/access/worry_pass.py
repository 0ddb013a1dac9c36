"""The worry pass: lets whoever was signed in raise a worry for as long as her session or phone lasts, and nothing else.

A header, so that no cookie and no form token stand between a person and the button; signed by the service whose page
she has, believed by safeguarding without asking anybody.
"""

from datetime import timedelta
from typing import Any

from starlette.requests import Request

from shared.access.caller import Caller
from shared.access.policy.table import Operation
from shared.access.refusals import unproved
from shared.access.roles import ROLES
from shared.access.service_keys import Signer, Trusted
from shared.events.ids import uuid_in

HEADER = "Beside-Worry-Pass"
AUDIENCE = "beside:worry"
LONGEST = timedelta(days=31)
"""A phone is remembered for 30 days (hazard S30)."""


def worry_pass(signer: Signer, caller: Caller, *, life: timedelta, cases: tuple[str, ...] = ()) -> str:
    """A pass for one person and the people she is matched with; `life` as long as what proved who she is."""
    more: dict[str, Any] = {
        "provider": caller.provider,
        "sites": list(caller.sites),
        "cases": list(cases),
        "proof": caller.proof,
    }
    if caller.device:
        more["device"] = str(caller.device)
    return signer.sign(AUDIENCE, str(caller), life=min(life, LONGEST), more=more)


class WorryPasses:
    """An authenticator that is asked only where a worry pass is enough."""

    def __init__(self, trusted: Trusted) -> None:
        self._trusted = trusted

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """See `Authenticator`. A revoked phone's pass is believed: revoking shows on a concern, refuses nothing.

        Nor does a claim that names no phone.
        """
        said = request.headers.getlist(HEADER)
        if not operation.worry_pass or not said:
            return None
        _, claims = self._trusted.verify(said[0], audience=AUDIENCE, longest=LONGEST)
        role, _, person = str(claims.get("sub", "")).partition("/")
        if role not in ROLES or not person:
            raise unproved("access.worry_pass_subject")
        provider = claims.get("provider")
        return Caller(
            kind="person",
            id=person,
            role=role,
            via="worry_pass",
            roles=(role,),
            provider=provider if isinstance(provider, str) else None,
            sites=tuple(one for one in claims.get("sites", ()) if isinstance(one, str)),
            proof=str(claims.get("proof", "")),
            device=uuid_in(claims.get("device")),
        )
