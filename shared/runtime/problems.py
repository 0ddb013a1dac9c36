"""How HTTP says no: RFC 9457 problems that name the field and the fault and repeat nobody's words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse

from shared.events.refusal import NotFound, Rejected
from shared.runtime.errors import Failure, KeyReused, TooLarge

RETRY_AFTER_S = "2"
PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
Fault = Mapping[str, str]


class Refused(Exception):
    """A request that cannot be taken, with everything its problem says."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.extra = tuple(errors), dict(headers or {}), dict(extra or {})


TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 408: "Too slow", 409: "Conflict", 413: "Too large", 415: "Unsupported media type",
    422: "Cannot be processed", 425: "Too early", 429: "Too many requests", 500: "Something went wrong",
    503: "Not available now",
}  # fmt: skip


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """An `application/problem+json` answer; `code` is stable, `errors` name fields and reasons."""
    body: dict[str, Any] = {
        "type": f"urn:beside:problem:{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
        **(extra or {}),
    }
    if errors:
        body["errors"] = [dict(fault) for fault in errors]
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def faults_in(invalid: ValidationError) -> list[Fault]:
    """Which fields are wrong and how, without any value; a field name that is not a plain one is not repeated."""
    return [
        {"field": ".".join(_plain(part) for part in error["loc"]) or "body", "reason": error["type"]}
        for error in invalid.errors(include_url=False, include_context=False, include_input=False)
    ]


def _plain(part: int | str) -> str:
    if isinstance(part, int) or PLAIN_NAME.fullmatch(part):
        return str(part)
    return "unknown_field"


def problem_of(error: Exception) -> JSONResponse:
    """The one table from exceptions to answers; what is not in it is a fault of ours and says nothing of its cause."""
    if isinstance(error, Refused):
        return problem(
            error.status, error.code, error.detail, errors=error.errors, headers=error.headers, extra=error.extra
        )
    if isinstance(error, Rejected):
        missing = isinstance(error, NotFound)
        words = "There is no such thing here." if missing else "The present state does not allow this."
        return problem(404 if missing else 409, error.code, error.detail or words)
    for kind, (status, code, detail) in FAULTS.items():
        if isinstance(error, kind):
            return problem(status, code, detail, headers={"Retry-After": RETRY_AFTER_S} if status == 503 else None)
    return problem(500, "service.fault", "The fault is ours and was recorded. Nothing was confirmed.")


FAULTS: Mapping[type[Failure], tuple[int, str, str]] = {
    KeyReused: (422, "key.reused", "This key was used before for another request."),
    TooLarge: (413, "body.too_large", "This is larger than one request may be."),
    Failure: (503, "service.unavailable", "Nothing was confirmed. Send the same request again with the same key."),
}
"""The plumbing's failures in the order in which they are looked up; the last stands for all that pass."""
