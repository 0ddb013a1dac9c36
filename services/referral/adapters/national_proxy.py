"""Believes the national proxy: the front door has checked its certificate, and proves with a key that it is the door.

The proxy forwards no token of the trust; it says in a header for whom it speaks (BaRS core guide, security). Direct and
proxied are settings, so a service may take both.
"""

import hmac
from pathlib import Path

from starlette.requests import Request

from services.referral.adapters.bars_faults import BarsRefused
from services.referral.adapters.bars_headers import UNKNOWN, organisation_of
from shared.access.caller import Caller
from shared.access.claims import SYSTEM
from shared.access.policy.table import Operation
from shared.access.refusals import not_allowed, unproved

PEER = "Beside-Peer"
"""The name in the certificate that the front door checked; it takes the header off whatever else comes in."""
DOOR = "Beside-Front-Door"


class NationalProxy:
    """An authenticator. `name`: the proxy's name in its certificate; `door_key`: what the front door alone knows."""

    def __init__(self, name: str, door_key: str) -> None:
        if not name or not door_key:
            raise ValueError("the national proxy needs a name and the front door's key")
        self._name = name
        self._door_key = door_key

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """See `Authenticator`. Raises `Refused`: 401 for whoever is not the front door, 403 for another certificate."""
        peer = request.headers.get(PEER)
        if peer is None:
            return None
        said = request.headers.getlist(DOOR)
        if len(said) != 1 or not hmac.compare_digest(said[0].encode(), self._door_key.encode()):
            raise unproved("access.not_the_front_door")
        if not hmac.compare_digest(peer.encode(), self._name.encode()):
            raise not_allowed("access.peer_unknown")
        organisation = _organisation(request)
        return Caller(
            kind="system",
            id=organisation,
            role=SYSTEM,
            via="peer",
            roles=(SYSTEM,),
            organisations=(organisation,),
            scopes=frozenset({operation.scope} if operation.scope else ()),  # the platform knows what its clients may
            proof=self._name,
        )


def national_proxy(name: str, door_key_file: Path | None) -> tuple[NationalProxy, ...]:
    """The mode, if the settings ask for it. Raises `OSError` and `ValueError` for half of it."""
    if not name and door_key_file is None:
        return ()
    return (NationalProxy(name, door_key_file.read_text().strip() if door_key_file else ""),)


def _organisation(request: Request) -> str:
    """For whom the proxy speaks; whoever it leaves unnamed is nobody."""
    try:
        found = organisation_of(request.headers)
    except BarsRefused:
        raise unproved("access.peer_organisation") from None
    if found == UNKNOWN:
        raise unproved("access.peer_organisation")
    return found
