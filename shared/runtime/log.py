"""Structured logs: one JSON line per unit of work on standard output, with a fixed list of keys and nobody's data."""

import logging
import sys
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

Line = MutableMapping[str, Any]
KEYS = frozenset(
    {
        "service", "event", "level", "timestamp", "event_type", "event_id", "stream", "version", "correlation_id",
        "causation_id", "topic", "partition", "offset", "attempt", "outcome", "error_code", "duration_ms",
        "exception", "part", "count", "method", "path", "status", "organisation",
    }
)  # fmt: skip
"""Every key a line may have; anything else is dropped, because what is not written cannot leak.

`organisation` is the code of an organisation whose system proved who it is.
`path` is a route's template, never what was asked for; `exception` is a type and places in code, never a message.
"""
PLACES = 6
HOME = Path(__file__).parents[2]


def only_known_keys(_logger: Any, _method: str, line: Line) -> Line:
    """Drop every key outside `KEYS`."""
    return {key: value for key, value in line.items() if key in KEYS}


def without_messages(_logger: Any, _method: str, line: Line) -> Line:
    """Keep an exception's type and places, never its message: messages may repeat what somebody wrote."""
    error = _error(line.pop("exc_info", None))
    if error is not None:
        line["exception"] = f"{type(error).__name__} at {' < '.join(_places(error))}"
        line.setdefault("error_code", type(error).__name__)
    return line


def _error(info: Any) -> BaseException | None:
    if info is True:
        info = sys.exc_info()
    if isinstance(info, tuple):
        info = info[1]
    return info if isinstance(info, BaseException) else None


def _places(error: BaseException) -> list[str]:
    """Where it was raised and through which calls, innermost first: file, line and function of at most `PLACES`."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames)] or ["unknown"]


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(HOME)) if path.is_relative_to(HOME) else path.name


class FromLibraries(logging.Handler):
    """Brings the libraries' own records into our lines: the logger's name and the unfilled template, never its values.

    A record without values may have been filled in already, so its words are left out.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; `outcome` carries the template."""
        template = record.msg if record.args and isinstance(record.msg, str) else None
        line = {"outcome": template} if template else {}
        level = logging.getLevelName(record.levelno).lower()
        known = level if level in {"warning", "error", "critical"} else "info"
        write = getattr(structlog.get_logger(), known)
        write(f"library.{record.name}", exc_info=record.exc_info or None, **line)


def configure(service: str, *, to: TextIO | None = None) -> None:
    """Set up structlog for one service and route the libraries' own logging through it, at WARNING and above."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _says(service),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_messages,
            only_known_keys,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(to or sys.stdout),
        cache_logger_on_first_use=to is None,  # a test hands in its own stream and configures again
    )
    root = logging.getLogger()
    root.handlers[:] = [FromLibraries()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _says(service: str) -> Callable[[Any, str, Line], Line]:
    def says(_logger: Any, _method: str, line: Line) -> Line:
        line["service"] = service
        return line

    return says


def _json(line: Line, **_options: Any) -> str:
    return orjson.dumps(line, default=str).decode()
