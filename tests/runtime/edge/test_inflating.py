"""A body sent as gzip reads like any other; what only says it is gzip is refused, and a bomb is never opened whole."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.runtime.body import read_body, strict_json
from shared.runtime.inflating import PIECE, Inflated
from shared.runtime.limits import BodyLimits, Limits
from shared.runtime.problems import Refused

BODY = b'{"count": 7, "words": "' + b"w" * 3 * PIECE + b'"}'
GZIPPED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


async def read(request: Request) -> Response:
    """Says what it read."""
    try:
        body = await read_body(request)
        return JSONResponse({"same": body == BODY, "value": strict_json(body).get("count")})
    except Refused as refused:
        return refused.answer()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A service with limits behind the opener."""
    inner = Starlette(routes=[Route("/", read, methods=["POST"])])
    app = Inflated(Limits(inner, limits=BodyLimits()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://s") as http:
        yield http


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    """The body as it may arrive."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
async def test_it_reads_like_the_body_it_was_whatever_the_pieces(
    client: httpx.AsyncClient, size: int, coding: str
) -> None:
    answer = await client.post(
        "/", content=pieces(gzip.compress(BODY), size), headers=GZIPPED | {"Content-Encoding": coding}
    )
    assert answer.json() == {"same": True, "value": 7}


@pytest.mark.parametrize(
    "sent",
    [
        BODY,
        gzip.compress(BODY)[:-1],
        gzip.compress(BODY)[:40],
        gzip.compress(BODY)[:-4] + b"\0\0\0\0",
        gzip.compress(BODY) + b"more",
        gzip.compress(b"{}") + gzip.compress(b"{}"),
        zlib.compress(BODY),
        b"\x1f",
    ],
    ids=["plain", "cut off", "cut short", "wrong sum", "with more", "twice", "zlib", "begun"],
)
@pytest.mark.parametrize("size", [1, 1_000_000])
async def test_what_only_says_it_is_gzip_cannot_be_read(client: httpx.AsyncClient, sent: bytes, size: int) -> None:
    answer = await client.post("/", content=pieces(sent, size), headers=GZIPPED)
    assert answer.status_code == 400


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_another_coding_is_refused(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post("/", content=BODY, headers=GZIPPED | {"Content-Encoding": coding})
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "gzip")


async def test_a_bomb_is_refused_without_being_opened(client: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=9)
    tracemalloc.start()
    answer = await client.post("/", content=bomb, headers=GZIPPED)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413, answer.text
    assert most < 20_000_000


async def test_one_that_says_its_length_is_read_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=gzip.compress(BODY), headers=GZIPPED)
    assert answer.json() == {"same": True, "value": 7}


async def test_a_plain_body_passes_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=BODY, headers={"Content-Type": "application/json"})
    assert answer.json() == {"same": True, "value": 7}
