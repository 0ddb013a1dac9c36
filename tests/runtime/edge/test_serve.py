"""A real server process answers slow and broken callers in order, and drains within ten seconds when told to stop."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]


class Served:
    """The process and its address."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> tuple[float, str]:
        """SIGTERM; returns seconds until it ended and what it wrote."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(self.process.communicate(), 15)
        return time.monotonic() - started, out.decode()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with _serving() as found:
        yield found


@asynccontextmanager
async def _serving(*words: str) -> AsyncIterator[Served]:
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.runtime.edge.serving", str(port), *words),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    found = Served(process, port)
    async with httpx.AsyncClient(base_url=found.url, trust_env=False) as client, asyncio.timeout(20):
        while not await _answers(client):
            await asyncio.sleep(0.05)
    try:
        yield found
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/live")).is_success
    except httpx.TransportError:
        return False


async def test_a_request_in_flight_is_answered_before_the_end(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        slow = asyncio.create_task(client.get("/slow"))
        async with asyncio.timeout(10):
            while not (await client.get("/begun")).json():
                await asyncio.sleep(0.01)
        took, out = await served.stop()

        assert (await slow).text == "done"
    assert took < 10
    assert "part stopped" in out


async def test_a_part_that_stops_everything_does_so_though_a_driver_never_closes() -> None:
    async with _serving("stuck") as served, httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        await client.get("/lose")

        assert await asyncio.wait_for(served.process.wait(), 20) != 0


async def test_an_endless_answer_ends_when_the_server_is_told_to_stop(served: Served) -> None:
    async with (
        httpx.AsyncClient(base_url=served.url, trust_env=False) as client,
        client.stream("GET", "/stream") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "data: begun"
        stopping = asyncio.create_task(served.stop())
        rest = [line async for line in lines if line]
        took, _ = await stopping

    assert rest == ["data: stopping"]
    assert took < 3


async def test_a_forwarded_address_is_not_believed_and_paths_stay_out_of_the_log(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        answer = await client.get("/client", headers={"X-Forwarded-For": "192.0.2.9"}, params={"q": "Aurelia-Test"})
        await client.get("/Aurelia-Test")

    assert answer.json() == {"host": "127.0.0.1"}
    assert "server" not in answer.headers
    _, out = await served.stop()
    assert "http.answered" in out
    assert "Aurelia" not in out


async def test_a_body_that_stops_arriving_is_answered_after_five_seconds(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    started = time.monotonic()
    writer.write(b"POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    status = await asyncio.wait_for(reader.readline(), 10)
    took = time.monotonic() - started
    writer.close()

    assert b" 408 " in status
    assert took > 4.5


async def test_an_oversize_upload_gets_its_answer_though_it_is_still_being_sent(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        for content in (b"x" * 3_000_000, _chunks()):
            answer = await client.post("/health/live", content=content)
            assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b"x" * 50_000
