"""The issuer says by itself that somebody signed out (OpenID Connect Back-Channel Logout 1.0): her sessions end here.

The token is checked like any other of the issuer's, must say what it is for, and counts once.
"""

from shared.access.refusals import unproved
from shared.access.replays import Once
from shared.access.session.kept import Sessions
from shared.access.tokens import TokenCheck

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class BackChannel:
    """Ends sessions when the issuer says so."""

    def __init__(self, check: TokenCheck, sessions: Sessions, replays: Once) -> None:
        self._check = check
        self._sessions = sessions
        self._replays = replays

    async def take(self, token: str) -> int:
        """End the sessions the token names; returns how many. Raises `Refused` (401) for what proves nothing."""
        claims = await self._check(token)
        events = claims.get("events")
        if not isinstance(events, dict) or EVENT not in events or "nonce" in claims or not claims.get("jti"):
            raise unproved("access.not_a_logout_token")
        await self._replays.first_use("issuer", str(claims["jti"]), int(claims["exp"]))
        if claims.get("sid"):
            return await self._sessions.end_of_issuer(str(claims["sid"]))
        if claims.get("sub"):
            return await self._sessions.end_all_of(str(claims["sub"]))
        raise unproved("access.not_a_logout_token")
