"""How HTTP says no: RFC 9457 problems that name the field and the fault and repeat nobody's words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse

from shared.events.refusal import NotFound, Rejected
from shared.runtime.errors import Failure, JournalBehind, KeyReused, TooLarge

RETRY_AFTER = {"Retry-After": "2"}
PLAIN_NAME = re.compile(r"[a-z_]{1,40}")
"""A field name is repeated only in this form: a name that the caller made up may be somebody's name or number."""
UNKNOWN_FIELD = "unknown field"
MOST_ERRORS = 50
NOTHING_CONFIRMED = "Nothing was confirmed. Send the same request again with the same key."
UNAVAILABLE = ("service.unavailable", NOTHING_CONFIRMED)
RESTORING = ("service.restoring", "A backup was put back and is being completed. Nothing was taken; ask again.")
Fault = Mapping[str, str]

TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 408: "Too slow", 409: "Conflict", 413: "Too large", 415: "Unsupported media type",
    422: "Cannot be processed", 425: "Too early", 429: "Too many requests", 500: "Something went wrong",
    503: "Not available now",
}  # fmt: skip


def title_of(status: int) -> str:
    """The plain words for a status."""
    return TITLES.get(status, "Refused")


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

    def answer(self) -> JSONResponse:
        """The problem it is answered with."""
        return problem(
            self.status,
            self.code,
            title_of(self.status),
            self.detail,
            errors=self.errors,
            headers=self.headers,
            extra=self.extra,
        )


def problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: Sequence[Fault] = (),
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """An `application/problem+json` answer; `code` is stable, `errors` are `{field, reason}`, `extra` more members."""
    body: dict[str, Any] = {
        "type": f"urn:beside:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **(extra or {}),
    }
    if errors:
        body["errors"] = [dict(fault) for fault in errors]
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def faults_in(invalid: ValidationError) -> list[Fault]:
    """Which fields are wrong and how, without any value or message (pydantic's messages may repeat input)."""
    return faults(invalid.errors(include_url=False, include_context=False, include_input=False))


def faults(errors: Sequence[Any]) -> list[Fault]:
    """The same from pydantic's error dictionaries: `{"field": "person.birth_date", "reason": "date_parsing"}`."""
    return [{"field": field_path(error["loc"]), "reason": error["type"]} for error in errors[:MOST_ERRORS]]


def field_path(location: Sequence[int | str]) -> str:
    """A field's path with dots; "body" for the whole, "unknown field" in place of a name that is not a plain one."""
    return ".".join(_plain(part) for part in location) or "body"


def _plain(part: int | str) -> str:
    return str(part) if isinstance(part, int) or PLAIN_NAME.fullmatch(part) else UNKNOWN_FIELD


def problem_of(error: Exception) -> JSONResponse:
    """The one table from exceptions to answers; what is not in it is a fault of ours and says nothing of its cause."""
    if isinstance(error, Refused):
        return error.answer()
    status, code, detail = _meaning(error)
    return problem(status, code, title_of(status), detail, headers=RETRY_AFTER if status == 503 else None)


def _meaning(error: Exception) -> tuple[int, str, str]:
    match error:
        case NotFound():
            return 404, error.code, error.detail or "There is no such thing here."
        case Rejected():
            return 409, error.code, error.detail or "The present state does not allow this."
        case KeyReused():
            return 422, "key.reused", "This key was used before for another request."
        case TooLarge():
            return 413, "body.too_large", "This is larger than one request may be."
        case Failure():  # Overloaded, Unavailable, UnknownHistory: the outcome is unknown, so the same key goes again
            return 503, *(RESTORING if isinstance(error, JournalBehind) else UNAVAILABLE)
        case _:
            return 500, "service.fault", "The fault is ours and was recorded. Nothing was confirmed."
