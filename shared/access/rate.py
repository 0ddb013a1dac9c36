"""How many requests one client may send: a bucket for each, so that one sender's loop is nobody else's outage."""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from shared.access.caller import Caller

CLIENTS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second in the long run, and at once: settings of the operator (`client_rate`, `client_burst`).

    The default of 50 a second is what no single trust reaches: the pilot's three sites had one referral a day.
    """

    per_second: float = 50.0
    burst: int = 200


class Rates:
    """Buckets of this instance; a client of a national system is one client at every instance."""

    def __init__(self, rate: Rate | None = None) -> None:
        self._rate = rate or Rate()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: Caller) -> int:
        """0 when the caller may go on, else the seconds to wait; only systems are counted."""
        if caller.kind != "system":
            return 0
        now = time.monotonic()
        left, at = self._buckets.get(caller.client, (float(self._rate.burst), now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_second)
        if left < 1:
            return max(1, math.ceil((1 - left) / self._rate.per_second))
        self._buckets[caller.client] = (left - 1, now)
        self._buckets.move_to_end(caller.client)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return 0
