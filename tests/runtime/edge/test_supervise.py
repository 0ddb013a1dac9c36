"""A part that falls is started again and counted, and takes neither the others nor the application along."""

import asyncio
import signal
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from shared.runtime.supervise import BackOff, keep_running, running

pytestmark = pytest.mark.slow

SOON = BackOff(first=0.001, longest=0.002)


class Falling:
    """Falls `times` times, then holds."""

    def __init__(self, name: str, times: int, error: BaseException | None = None) -> None:
        self.name = name
        self.starts = 0
        self.stopped = False
        self._times = times
        self._error = error

    async def run(self) -> None:
        self.starts += 1
        if self.starts <= self._times:
            if self._error is not None:
                raise self._error
            return
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped = True


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


def _restarts(name: str) -> float:
    return REGISTRY.get_sample_value("beside_part_restarts_total", {"part": name}) or 0.0


@pytest.mark.parametrize("error", [RuntimeError("fallen"), ExceptionGroup("many", [OSError()]), None])
async def test_a_part_that_falls_or_ends_is_started_again_beside_one_that_holds(error: Exception | None) -> None:
    name = f"falls-{type(error).__name__}"
    falling, holding = Falling(name, 3, error), Falling("holds", 0)
    async with running([falling, holding], back_off=SOON):
        await _until(lambda: falling.starts == 4)
        assert REGISTRY.get_sample_value("beside_part_running", {"part": name}) == 1

    assert (holding.starts, _restarts(name)) == (1, 3)
    assert falling.stopped
    assert holding.stopped
    assert REGISTRY.get_sample_value("beside_part_running", {"part": name}) == 0


async def test_back_off_doubles_up_to_its_longest() -> None:
    waits: list[float] = []
    falling = Falling("falls-often", 5, OSError())

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    back_off = BackOff(first=1.0, longest=4.0)
    task = asyncio.create_task(keep_running(falling, back_off=back_off, pause=wait))
    await _until(lambda: falling.starts == 6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert waits == [1.0, 2.0, 4.0, 4.0, 4.0]


async def test_a_part_that_will_not_stop_does_not_hold_the_rest_up() -> None:
    class Stubborn:
        name = "stubborn"

        def __init__(self) -> None:
            self.free = asyncio.Event()

        async def run(self) -> None:
            while not self.free.is_set():
                try:
                    await self.free.wait()
                except asyncio.CancelledError:
                    continue

    stubborn, holding = Stubborn(), Falling("held", 0)
    async with asyncio.timeout(2):
        async with running([stubborn, holding], stop_within=0.05):
            await _until(lambda: holding.starts == 1)
    assert holding.stopped
    stubborn.free.set()


async def test_a_part_that_says_going_on_would_lose_something_stops_the_process() -> None:
    stopped = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        async with running([Falling("loses", 1, SystemExit(1))], back_off=SOON), asyncio.timeout(5):
            await stopped.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
