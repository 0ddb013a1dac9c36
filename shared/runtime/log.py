"""Structured logs: one JSON line per unit of work on standard output, with a fixed list of keys and nobody's data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

KEYS = frozenset(
    {
        "service", "event", "level", "timestamp", "logger", "event_type", "event_id", "stream", "version",
        "correlation_id", "causation_id", "topic", "partition", "offset", "attempt", "outcome", "error_code",
        "duration_ms", "exception", "part", "count", "method", "path", "status",
    }
)  # fmt: skip
"""Every key a line may have; anything else is dropped, because what is not written cannot leak."""


def only_known_keys(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key outside `KEYS`."""
    return {key: value for key, value in line.items() if key in KEYS}


def without_messages(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an exception's type and place, never its message: messages may repeat what somebody wrote."""
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else "unknown"
        line["exception"] = f"{type(error).__name__} at {where}"
    return line


def configure(service: str) -> None:
    """Set up structlog and route the libraries' own logging through it, at WARNING and above."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
    ]
    structlog.contextvars.bind_contextvars(service=service)
    structlog.configure(
        processors=[*shared, only_known_keys, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
