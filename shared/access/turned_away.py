"""Tells the operator that an organisation's system is turned away: once a while, not once a request (hazard S27)."""

import time
from collections import OrderedDict

import structlog
from prometheus_client import Counter

from shared.access.caller import VISITOR, Caller

log = structlog.get_logger()
TURNED_AWAY = Counter("beside_systems_turned_away", "Requests of systems answered with 401, 403 or 429", ["status"])
STATUSES = (401, 403, 429)
UNPROVED = "unproved"
"""In place of an organisation that nobody proved: what a token says that is not believed is not repeated."""
ORGANISATIONS = 1_000


class TurnedAway:
    """Of one instance; `every`: seconds between two alarms about the same organisation and status."""

    def __init__(self, every: float = 600.0) -> None:
        self._every = every
        self._told: OrderedDict[tuple[str, int], float] = OrderedDict()

    def note(self, caller: Caller, status: int, code: str, *, showed_token: bool) -> None:
        """Count it, and log it if that is due. People who are not signed in, or may not, are no alarm."""
        unproved = caller is VISITOR and showed_token
        if status not in STATUSES or not (caller.kind == "system" or unproved):
            return
        TURNED_AWAY.labels(str(status)).inc()
        who = " ".join(caller.organisations) or (UNPROVED if unproved else caller.client)
        if self._is_due((who, status)):
            log.error("access.turned_away", organisation=who, status=status, error_code=code)

    def _is_due(self, key: tuple[str, int]) -> bool:
        now = time.monotonic()
        if now - self._told.get(key, float("-inf")) < self._every:
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > ORGANISATIONS:
            self._told.popitem(last=False)
        return True
