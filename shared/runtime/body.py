"""Reads request bodies: bounded in size, depth and time, strict about JSON, checked by a model."""

import hmac
import json
import math
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from shared.events.ids import caller_chosen
from shared.runtime.problems import Refused, faults_in

JSON: Final = frozenset({"application/json"})
DEEPEST = 40
KEY_FORM = re.compile(r"[!-~]{8,64}")
M = TypeVar("M", bound=BaseModel)
Digest = Callable[[bytes], str]
"""`digest_of` under a service's own key."""


def require_media(request: Request, types: Collection[str] = JSON) -> None:
    """Raises `Refused` (415) unless the body's content type is one of `types`, in UTF-8 and no coding but gzip."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "body.coding", "Send the body as it is, or as gzip.", headers={"Accept-Encoding": "gzip"})
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", parameters)
    if media.strip() not in types or (charset and charset[1] not in {"utf-8", "utf8", "us-ascii"}):
        accepted = ", ".join(sorted(types))
        raise Refused(415, "body.media_type", f"Send {accepted} in UTF-8.", headers={"Accept-Post": accepted})


async def read_body(request: Request, *, json_types: Collection[str] = JSON) -> bytes:
    """The body's bytes, for a bare route. Raises `Refused` (415) for another content type.

    Size (413) and time (408) were held to their limits before the route was reached (`limits.py`).
    """
    require_media(request, json_types)
    return await request.body()


def strict_json(body: bytes) -> Any:
    """The JSON value of `body`.

    Raises `Refused` (400) for whatever two readers could read in two ways: not UTF-8, a byte order mark, a name twice,
    NaN or infinite numbers, lone surrogates, nesting deeper than `DEEPEST`.
    """
    try:
        found = json.loads(
            body.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant, parse_float=_finite
        )
        if b"\\u" in body:
            json.dumps(found, ensure_ascii=False).encode()  # an escape may hide half a character
    except (ValueError, RecursionError):
        raise Refused(400, "body.unreadable", "This is not JSON that every reader reads alike.") from None
    if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(found) > DEEPEST:
        raise Refused(400, "body.too_deep", f"Values may be nested {DEEPEST} deep at most.")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_name: str) -> Any:
    raise ValueError("not a JSON number")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("beyond every number")
    return number


def _depth(value: Any, limit: int = DEEPEST + 1) -> int:
    if limit == 0:
        return 1
    if isinstance(value, dict):
        return 1 + max((_depth(one, limit - 1) for one in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(one, limit - 1) for one in value), default=0)
    return 0


NOT_LISTED = "not one of the list"


def fields_refused(faults: Iterable[tuple[str, str]]) -> Refused:
    """The refusal (422) of fields that can be read and not be taken, each with its reason."""
    errors = [{"field": name, "reason": reason} for name, reason in faults]
    return Refused(422, "body.invalid", "Some fields cannot be taken.", errors=errors)


def parse(model: type[M], body: bytes) -> M:
    """The body as `model`. Raises `Refused`: 400 for what is no JSON, 422 naming each field and fault."""
    strict_json(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as invalid:
        raise Refused(422, "body.invalid", "Some fields cannot be taken.", errors=faults_in(invalid)) from None


def digest_of(body: bytes, *, key: bytes) -> str:
    """HMAC-SHA256 of the body in canonical form: the same request has the same one, whatever its spacing or order.

    `key` is the service's own secret (`master.derived("digest")`): else a stolen journal lets short bodies be guessed.
    """
    try:
        canonical = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (ValueError, TypeError):  # no JSON, or a number too large to be written again
        canonical = body
    return hmac.digest(key, canonical, "sha256").hex()


def idempotency_key(request: Request) -> str:
    """The caller's key for this write. Raises `Refused` (400) when it is absent or not 8 to 64 visible characters."""
    key = request.headers.get("Idempotency-Key", "")
    if not KEY_FORM.fullmatch(key):
        raise Refused(
            400,
            "key.missing",
            "Every write carries an Idempotency-Key of 8 to 64 visible characters.",
            errors=[{"field": "Idempotency-Key", "reason": "missing" if not key else "malformed"}],
        )
    return key


def claim_for(client: str, operation: str, key: str) -> str:
    """The claim that keeps a caller's key for one operation unique for ever."""
    return f"key/{client}/{operation}/{caller_chosen(key)}"
