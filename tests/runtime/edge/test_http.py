"""Every refusal is a problem that names the field and the fault and repeats nobody's words."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from shared.events.refusal import NotFound, Rejected
from shared.runtime.errors import KeyReused, Overloaded
from shared.runtime.http import build_app, idempotency_key, parse, read_body

SECRET = "Aurelia-Test"


class Body(BaseModel):
    """What the route takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    given: str
    count: int = 0


async def _always() -> bool:
    return True


async def _never() -> bool:
    return False


def _app(ready: Any = _always) -> Any:
    app = build_app("tests", parts=(), ready=ready)
    failures: dict[str, Exception] = {
        "rejected": Rejected("thing.closed"),
        "missing": NotFound("thing.unknown"),
        "reused": KeyReused(),
        "busy": Overloaded(),
        "bug": RuntimeError(SECRET),
    }

    async def take(request: Request) -> JSONResponse:
        idempotency_key(request)
        body = parse(Body, await read_body(request))
        return JSONResponse({"length": len(body.given)}, 201)

    async def fail(request: Request) -> JSONResponse:
        raise failures[request.path_params["how"]]

    app.add_route("/take", take, methods=["POST"])
    app.add_route("/fail/{how}", fail)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(_app(), raise_app_exceptions=False, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as found:
        yield found


KEY = {"Idempotency-Key": "12345678"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "field"),
    [
        (b'{"given": "x"}', JSON, 400, None),
        (b'{"given": "x"}', JSON | {"Idempotency-Key": "short"}, 400, None),
        (b'{"given": "x"}', JSON | {"Idempotency-Key": "x" * 65}, 400, None),
        (b"{", JSON | KEY, 400, None),
        (b"\xff\xfe", JSON | KEY, 400, None),
        (b'{"given": "x", "given": "y"}', JSON | KEY, 400, None),
        (b'{"given": "x", "count": NaN}', JSON | KEY, 400, None),
        (b'{"given": "\\ud800"}', JSON | KEY, 400, None),
        (b"[" * 5000 + b"]" * 5000, JSON | KEY, 400, None),
        (b'{"given": "x"}', {"Content-Type": "text/plain"} | KEY, 415, None),
        (b'{"given": "' + b"x" * 1_000_000 + b'"}', JSON | KEY, 413, None),
        (b'{"count": 1}', JSON | KEY, 422, "given"),
        (b'{"given": "x", "count": "Aurelia-Test"}', JSON | KEY, 422, "count"),
        (b'{"given": "x", "more": 1}', JSON | KEY, 422, "more"),
        (b'{"given": "x", "Aurelia-Test": 1}', JSON | KEY, 422, "unknown field"),
    ],
)
async def test_bad_input_is_refused_by_field_and_reason(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, field: str | None
) -> None:
    answer = await client.post("/take", content=body, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert UUID(answer.headers["X-Correlation-Id"]).version
    if field:
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("rejected", 409, "thing.closed"),
        ("missing", 404, "thing.unknown"),
        ("reused", 422, "key.reused"),
        ("busy", 503, "service.unavailable"),
        ("bug", 500, "service.fault"),
    ],
)
async def test_failures_have_one_table(client: httpx.AsyncClient, how: str, status: int, code: str) -> None:
    answer = await client.get(f"/fail/{how}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert SECRET not in answer.text


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    missing, wrong = await client.get("/nowhere"), await client.get("/take")

    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert wrong.headers["Allow"] == "POST"
    assert {one.headers["content-type"] for one in (missing, wrong)} == {"application/problem+json"}


async def test_correlation_id_is_echoed_and_a_bad_one_replaced(client: httpx.AsyncClient) -> None:
    mine = "6f6f2b2e-3d0c-4b59-8f0e-2f1f6a1b7c11"
    kept = await client.get("/nowhere", headers={"X-Correlation-Id": mine})
    replaced = await client.get("/nowhere", headers={"X-Correlation-Id": SECRET})

    assert kept.headers["X-Correlation-Id"] == mine
    assert UUID(replaced.headers["X-Correlation-Id"]).version


async def test_readiness_follows_the_database_and_liveness_does_not() -> None:
    transport = httpx.ASGITransport(_app(_never), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as caller:
        assert (await caller.get("/health/ready")).status_code == 503
        assert (await caller.get("/health/live")).status_code == 200


async def test_good_input_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post("/take", content=json.dumps({"given": SECRET}), headers=JSON | KEY)

    assert (answer.status_code, answer.json()) == (201, {"length": len(SECRET)})
