"""Log lines carry a fixed list of keys and no words of anybody's, whatever is thrown at them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from shared.runtime import log
from shared.runtime.http import build_app

PERSON = "Aurelia-Test"


class Lines:
    """What was written."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def all(self) -> list[dict[str, Any]]:
        """Every line, read back."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    kept = structlog.get_config()
    found = Lines()
    log.configure("tests", to=found.stream)
    yield found
    structlog.configure(**kept)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def _fail() -> None:
    raise ValueError(PERSON)


def test_keys_outside_the_list_are_dropped(lines: Lines) -> None:
    structlog.get_logger().info("thing.done", count=1, name=PERSON, stream="case/1")

    assert [set(line) for line in lines.all] == [{"service", "event", "level", "timestamp", "count", "stream"}]
    assert lines.all[0]["service"] == "tests"


def test_an_exception_leaves_its_type_and_places_but_not_its_message(lines: Lines) -> None:
    try:
        _fail()
    except ValueError:
        structlog.get_logger().exception("thing.failed")

    (line,) = lines.all
    assert line["exception"].startswith("ValueError at tests/runtime/edge/test_log.py:")
    assert " _fail < " in line["exception"]
    assert PERSON not in lines.stream.getvalue()


def test_a_librarys_line_keeps_its_template_and_loses_its_values(lines: Lines) -> None:
    logging.getLogger("aiokafka.consumer").warning("cannot reach %s", PERSON)
    logging.getLogger("someone").error(f"cannot reach {PERSON}")  # noqa: G004 - as libraries do
    logging.getLogger("someone").info("nothing of note")

    assert [(line["event"], line.get("outcome")) for line in lines.all] == [
        ("library.aiokafka.consumer", "cannot reach %s"),
        ("library.someone", None),
    ]
    assert PERSON not in lines.stream.getvalue()


async def test_a_request_leaves_one_line_with_a_template_and_no_word_of_the_callers(lines: Lines) -> None:
    async def ready() -> bool:
        return True

    app = build_app("tests", parts=(), ready=ready)

    @app.get("/people/{person}/notes/{note}")
    async def notes(person: str, note: int) -> Any:
        structlog.get_logger().info("inside")
        if note == 3:
            raise ValueError(PERSON)
        return {}

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        for path in (f"/people/{PERSON}/notes/1?q={PERSON}", f"/people/{PERSON}/notes/3", f"/{PERSON}", "/health/live"):
            await client.get(path, headers={"User-Agent": PERSON, "Idempotency-Key": PERSON})

    told = [line for line in lines.all if line["event"] == "http.answered"]
    assert [(line["method"], line["path"], line["status"], line["outcome"]) for line in told] == [
        ("GET", "/people/{person}/notes/{note}", 200, "handled"),
        ("GET", "/people/{person}/notes/{note}", 500, "fault"),
        ("GET", "unmatched", 404, "rejected"),
    ]
    assert PERSON not in lines.stream.getvalue()
    assert told[1]["error_code"] == "ValueError"
    inside = [line for line in lines.all if line["event"] == "inside"]
    assert [line["correlation_id"] for line in inside] == [line["correlation_id"] for line in told[:2]]


async def test_figures_are_served_by_template_and_name_nobody() -> None:
    async def ready() -> bool:
        return True

    app = build_app("tests", parts=(), ready=ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        await client.request("BREW", f"/{PERSON}")
        page = (await client.get("/metrics")).text

    assert 'beside_http_seconds_count{method="OTHER",route="unmatched",status="404"}' in page
    assert PERSON not in page
