"""A body that may hold a worry is read as far as it came: too large or too slow is a fault, never a lost worry (S3)."""

import asyncio

from starlette.requests import Request

LARGEST_BODY = 1_000_000
SLOWEST_BODY_S = 5.0
"""One request's size and patience, as everywhere (DESIGN 4, limits)."""


async def as_far_as_it_came(request: Request) -> tuple[bytes, int | None]:
    """The bytes that came, and None, or the status for what was wrong: 413 over 1 MB, 408 after 5 s."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SLOWEST_BODY_S):
            async for chunk in request.stream():
                chunks.append(chunk[: LARGEST_BODY - size])
                size += len(chunk)
                if size > LARGEST_BODY:
                    return b"".join(chunks), 413
    except TimeoutError:
        return b"".join(chunks), 408
    return b"".join(chunks), None
