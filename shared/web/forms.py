"""Reads what a page's form sent, once and strictly, and says in plain words what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request

from shared.runtime.body import require_media
from shared.runtime.problems import Refused, faults_in
from shared.web.wording import wording

FORM: Final = frozenset({"application/x-www-form-urlencoded"})
LARGEST_FORM: Final = 64 * 1024
MOST_FIELDS: Final = 500
HALF_ESCAPED: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, by field name, in the order sent."""

    fields: Mapping[str, list[str]]

    def one(self, name: str) -> str:
        """The field's only value, "" when it was not sent. Raises `Refused` (400) when it was sent twice."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Refused(400, "form.repeated", "A field that holds one answer was sent twice.")
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field that may hold several."""
        return self.fields.get(name, [])


async def form_of(request: Request, *, largest: int = LARGEST_FORM) -> Form:
    """The form in the body. Raises `Refused`: 415 for another type, 413 above `largest` bytes, 400 for no form."""
    require_media(request, FORM)
    body = await request.body()
    if len(body) > largest:
        raise Refused(413, "form.too_large", f"A form may have at most {largest} bytes.")
    try:
        if HALF_ESCAPED.search(body):
            raise ValueError("a percent sign that escapes nothing")
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise Refused(400, "form.unreadable", "This is not a form that every reader reads alike.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


@dataclass(frozen=True, slots=True)
class Fault:
    """One field, by the id of its input, and what to do about it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a form, in the order of its fields. Empty is false. It never holds what somebody typed."""

    found: tuple[Fault, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def summary(self) -> list[dict[str, str]]:
        """NHS.UK frontend's `errorList`: each fault leads to its field."""
        return [{"text": fault.message, "href": f"#{fault.field}"} for fault in self.found]

    def of(self, field: str) -> dict[str, str] | None:
        """NHS.UK frontend's `errorMessage` for one input."""
        return next(({"text": fault.message} for fault in self.found if fault.field == field), None)


def faults_of(invalid: ValidationError, words: Mapping[str, str]) -> Faults:
    """What a model refused, in words.

    `words` are the page's own: by "field reason" ("next_at missing"), else by "field"; then come those of wording.yaml.
    A field in a field is named with a hyphen ("baby-due"), as its input's id is.
    """
    found: dict[str, str] = {}
    for fault in faults_in(invalid):
        field, reason = fault["field"].replace(".", "-").replace(" ", "-"), fault["reason"]
        found.setdefault(field, words.get(f"{field} {reason}") or words.get(field) or wording().fault(reason))
    return Faults(tuple(Fault(field, message) for field, message in found.items()))
