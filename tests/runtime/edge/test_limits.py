"""A body is bounded in size and time before a route sees it, and a refused write is heard first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message

from shared.runtime.http import BodyLimits, TurnedAway, build_app, parse, read_body

LARGEST = 100


class Thing(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid")

    count: int


async def _ready() -> bool:
    return True


def _app(heard: list[TurnedAway] | None = None, *, slowest: float = 5.0, fails: bool = False) -> FastAPI:
    async def on_refusal(turned: TurnedAway) -> None:
        if heard is not None:
            heard.append(turned)
        if fails:
            raise RuntimeError

    limits = BodyLimits(largest=LARGEST, slowest=slowest)
    app = build_app("tests", parts=(), ready=_ready, limits=limits, on_refusal=on_refusal)
    router = APIRouter(prefix="/api")

    @router.post("/things/{thing}", status_code=201)
    async def model(thing: int, body: Thing) -> Any:
        return {"count": body.count}

    @router.get("/things/{thing}")
    async def look(thing: int) -> Any:
        return {}

    @router.put("/raw")
    async def raw(request: Request) -> Any:
        return {"length": len(await request.body())}

    async def hot(request: Request) -> JSONResponse:
        return JSONResponse({"count": parse(Thing, await read_body(request)).count}, 201)

    app.include_router(router)
    app.add_route("/hot", hot, methods=["POST"])
    return app


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(("length", "status"), [(0, 200), (LARGEST, 200), (LARGEST + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_too_large_however_it_comes(length: int, status: int, chunked: bool) -> None:
    content = _chunks(b"x" * (length // 2), b"x" * (length - length // 2)) if chunked else b"x" * length
    async with _client(_app()) as client:
        answer = await client.put("/api/raw", content=content)

    assert answer.status_code == status
    assert answer.json() == {"length": length} if status == 200 else answer.json()["code"] == "body.too_large"


async def _asked(app: FastAPI, messages: list[Message | float]) -> list[Message]:
    """Send a POST whose body arrives as `messages`; a number is a wait for ever."""
    sent: list[Message] = []

    async def receive() -> Message:
        found = messages.pop(0) if messages else 0.0
        if isinstance(found, float):
            await asyncio.Event().wait()
        assert not isinstance(found, float)
        return found

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/hot", "headers": headers, "query_string": b"", "client": None}
    await app(scope | {"http_version": "1.1", "scheme": "http", "root_path": "", "server": None}, receive, send)
    return sent


async def test_a_body_that_stops_arriving_is_too_slow_and_the_connection_closes() -> None:
    heard: list[TurnedAway] = []
    sent = await _asked(
        _app(heard, slowest=0.05), [{"type": "http.request", "body": b'{"count":', "more_body": True}, 0.0]
    )

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in [(name.lower(), value) for name, value in sent[0]["headers"]]
    assert [(turned.status, turned.body) for turned in heard] == [(408, b'{"count":')]


async def test_a_body_that_breaks_off_reaches_no_route() -> None:
    sent = await _asked(
        _app(), [{"type": "http.request", "body": b'{"count":1}', "more_body": True}, {"type": "http.disconnect"}]
    )

    assert sent[0]["status"] == 400


GOOD = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "status"),
    [
        ("POST", "/api/things/1", b"{", GOOD, 400),
        ("POST", "/api/things/1", b'{"count":1,"count":1}', GOOD, 400),
        ("POST", "/api/things/1", b'{"count":NaN}', GOOD, 400),
        ("POST", "/api/things/1", b"[" * 90, GOOD, 400),
        ("POST", "/api/things/1", b"\xef\xbb\xbf{}", GOOD, 400),
        ("POST", "/api/nowhere", b"{}", GOOD, 404),
        ("PUT", "/api/things/1", b"{}", GOOD, 405),
        ("POST", "/hot", b"x" * (LARGEST + 1), GOOD, 413),
        ("POST", "/api/things/1", b'{"count":1}', {"Content-Type": "text/plain"}, 415),
        ("POST", "/api/things/1", b'{"count":1}', {}, 415),
        ("POST", "/hot", b'{"count":1}', {}, 415),
        ("POST", "/api/things/1", b'{"count":"x"}', GOOD, 422),
        ("POST", "/api/things/Aurelia", b'{"count":1}', GOOD, 422),
        ("POST", "/hot", b"{}", GOOD, 422),
    ],
)
async def test_a_refused_write_is_heard_before_its_answer(  # S27
    method: str, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    heard: list[TurnedAway] = []
    async with _client(_app(heard)) as client:
        answer = await client.request(method, path, content=content, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Aurelia" not in answer.text
    assert [(turned.method, turned.path, turned.status) for turned in heard] == [(method, path, status)]
    assert heard[0].body == (b"" if status == 413 else content)
    assert answer.headers["x-correlation-id"] == str(heard[0].correlation)
    assert "body" not in repr(heard[0])


async def test_what_is_taken_or_only_read_is_not_heard() -> None:
    heard: list[TurnedAway] = []
    async with _client(_app(heard)) as client:
        taken = await client.post("/api/things/1", json={"count": 1})
        read = await client.get("/api/things/x")

    assert (taken.status_code, read.status_code, heard) == (201, 422, [])


async def test_an_ear_that_fails_changes_no_answer() -> None:
    async with _client(_app(fails=True)) as client:
        assert (await client.post("/hot", json={})).status_code == 422


async def test_every_method_of_a_path_is_allowed_by_name() -> None:
    async with _client(_app()) as client:
        answer = await client.delete("/api/things/1")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


async def test_a_slash_too_many_is_not_found_rather_than_sent_elsewhere() -> None:
    async with _client(_app()) as client:
        assert (await client.get("/api/things/1/")).status_code == 404
