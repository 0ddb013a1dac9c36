"""Which failures pass by themselves: those are tried again for ever, all others wait for a person."""

import secrets

from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WriteConcernError

from shared.runtime.errors import Overloaded, Unavailable

PASSING = (Overloaded, Unavailable, ConnectionFailure, ExecutionTimeout, WriteConcernError, TimeoutError, OSError)
LABELS = ("RetryableWriteError", "TransientTransactionError")
LONGEST_PAUSE = 2.0


def passes(failure: BaseException) -> bool:
    """Whether the same attempt may succeed later without anybody changing anything."""
    if isinstance(failure, PASSING):
        return True
    return isinstance(failure, PyMongoError) and any(failure.has_error_label(label) for label in LABELS)


def pause(attempt: int, *, longest: float = LONGEST_PAUSE) -> float:
    """Seconds before the next attempt: doubling from 50 ms up to `longest`, the upper half of it random."""
    ceiling: float = min(longest, 0.05 * 2 ** min(attempt, 10))
    return ceiling / 2 + ceiling / 2 * secrets.randbelow(1_000) / 1_000
