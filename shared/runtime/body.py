"""Reads request bodies: bounded in size, depth and time, strict about JSON, checked by a model."""

import asyncio
import hashlib
import hmac
import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from shared.runtime.problems import Refused, faults_in

LARGEST_BODY = 1_000_000
SLOWEST_BODY_S = 5.0
DEEPEST = 40
DIGEST_KEY = b"beside/canonical-body"
M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, *, json_types: frozenset[str] = frozenset({"application/json"})) -> bytes:
    """The body's bytes. Raises `Refused`: 415 for another content type, 413 over 1 MB, 408 after 5 s."""
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media not in json_types:
        raise Refused(415, "body.media_type", f"Send {' or '.join(sorted(json_types))}.")
    if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
        raise Refused(413, "body.too_large", "A body may have at most 1 MB.")
    try:
        async with asyncio.timeout(SLOWEST_BODY_S):
            return await _whole(request)
    except TimeoutError:
        raise Refused(408, "body.too_slow", "The body did not arrive within 5 seconds.") from None


async def _whole(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Refused(413, "body.too_large", "A body may have at most 1 MB.")
        chunks.append(chunk)
    return b"".join(chunks)


def strict_json(body: bytes) -> Any:
    """The JSON value of `body`. Raises `Refused` (400) for anything that two readers could read in two ways."""
    try:
        text = body.decode()
        found = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        text.encode("utf-16-le", "strict")
    except (ValueError, RecursionError):
        raise Refused(400, "body.unreadable", "This is not JSON as one reader would read it.") from None
    if _depth(found) > DEEPEST:
        raise Refused(400, "body.too_deep", f"Values may be nested {DEEPEST} deep at most.")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_name: str) -> Any:
    raise ValueError("not a JSON number")


def _depth(value: Any, limit: int = DEEPEST + 1) -> int:
    if limit == 0:
        return 1
    if isinstance(value, dict):
        return 1 + max((_depth(one, limit - 1) for one in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(one, limit - 1) for one in value), default=0)
    return 0


def parse(model: type[M], body: bytes) -> M:
    """The body as `model`. Raises `Refused`: 400 for what is no JSON, 422 naming each field and fault."""
    try:
        return model.model_validate(strict_json(body))
    except ValidationError as invalid:
        raise Refused(422, "body.invalid", "Some fields cannot be taken.", errors=faults_in(invalid)) from None


def digest_of(body: bytes) -> str:
    """A keyed hash of the body in canonical form: the same request has the same one, whatever its spacing."""
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except ValueError:
        canonical = body
    return hmac.new(DIGEST_KEY, canonical, hashlib.sha256).hexdigest()


def idempotency_key(request: Request) -> str:
    """The caller's key for this write. Raises `Refused` (400) when it is absent or not 8 to 64 plain characters."""
    key = request.headers.get("Idempotency-Key", "")
    if not 8 <= len(key) <= 64 or not key.isascii() or not key.isprintable():
        raise Refused(400, "key.missing", "Every write carries an Idempotency-Key of 8 to 64 characters.")
    return key


def claim_for(client: str, operation: str, key: str) -> str:
    """The claim that keeps a caller's key for one operation unique for ever."""
    return f"key/{client}/{operation}/{key}"
