"""A supervised process starts in its turn, comes back when killed, drains when stopped, is killed when it will not."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.child import BACK_OFF_S, Child, Condition
from deploy.local.testing import wait_until
from deploy.local.unit import Unit

pytestmark = pytest.mark.slow

SLEEPS = "import time; time.sleep(60)"
DRAINS = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('drained', flush=True), sys.exit(0)))\n"
    "print('up', flush=True)\n"
    "time.sleep(60)"
)
IGNORES = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"


class HandClock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still."""
    return HandClock()


@pytest.fixture
def make(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., Child]]:
    """Makes a child that runs some Python; all are killed afterwards."""
    made: list[Child] = []

    def build(program: str, **unit: object) -> Child:
        settings: dict[str, object] = {"ready": lambda: True, **unit}
        described = Unit(name="thing", command=(sys.executable, "-c", program), **settings)  # type: ignore[arg-type]
        made.append(Child(described, tmp_path / "thing.log", clock))
        return made[-1]

    yield build
    for child in made:
        if child.pid:
            os.kill(child.pid, signal.SIGKILL)
        until(child, Condition.HELD, wanted=False)


def until(child: Child, condition: Condition, *, wanted: bool = True, may_start: bool = True) -> None:
    """Step until the child is in this condition."""

    def there() -> bool:
        child.step(wanted=wanted, may_start=may_start)
        return child.condition is condition

    wait_until(there, within_s=10, what=f"{condition}, was {child.condition}")


def logged(child: Child, text: str) -> None:
    """Wait for a line in the log."""
    wait_until(lambda: child.log.exists() and text in child.log.read_text(), within_s=10, what=text)


def test_waiting_for_others_it_does_not_start(make: Callable[..., Child]) -> None:
    child = make(SLEEPS)

    child.step(wanted=True, may_start=False)

    assert (child.condition, child.pid) == (Condition.WAITING, None)


def test_ready_only_when_its_probe_says_so_and_settled_once(make: Callable[..., Child]) -> None:
    answers = [False, False, True]
    settled: list[str] = []
    child = make(SLEEPS, ready=lambda: answers.pop(0), settle=lambda: settled.append("yes"))

    conditions = []
    for _ in range(4):
        child.step(wanted=True, may_start=True)
        conditions.append(child.condition)

    assert conditions == [Condition.STARTING, Condition.STARTING, Condition.STARTING, Condition.READY]
    assert settled == ["yes"]


def test_killed_after_a_while_it_is_back_at_once(make: Callable[..., Child], clock: HandClock) -> None:
    child = make(SLEEPS)
    until(child, Condition.READY)
    first = child.pid
    clock.now += 60

    assert first
    os.kill(first, signal.SIGKILL)
    until(child, Condition.STARTING)
    until(child, Condition.READY)

    assert child.pid != first
    assert child.starts == 2


def test_failing_at_once_again_and_again_it_waits_longer_each_time(
    make: Callable[..., Child], clock: HandClock
) -> None:
    child = make("raise SystemExit(1)", ready=lambda: False)
    waits = []
    for failures in range(1, 6):
        until(child, Condition.STARTING)
        until(child, Condition.WAITING, may_start=False)
        assert child.failures == failures
        before = clock.now
        while child.starts == failures:
            child.step(wanted=True, may_start=True)
            clock.now += 0.05
        waits.append(round(clock.now - before, 1))

    assert waits == [pytest.approx(wait, abs=0.11) for wait in (*BACK_OFF_S[1:], BACK_OFF_S[-1])]


def test_told_to_stop_it_drains(make: Callable[..., Child]) -> None:
    child = make(DRAINS)
    until(child, Condition.READY)
    logged(child, "up")

    until(child, Condition.HELD, wanted=False)

    assert "drained" in child.log.read_text()


def test_one_that_does_not_drain_is_killed_when_its_grace_is_over(make: Callable[..., Child], clock: HandClock) -> None:
    child = make(IGNORES, grace_s=5.0)
    until(child, Condition.READY)
    logged(child, "up")

    until(child, Condition.STOPPING, wanted=False)
    child.step(wanted=False, may_start=True)
    assert child.pid

    clock.now += 5.1
    until(child, Condition.HELD, wanted=False)
    assert child.pid is None


def test_wanted_again_it_starts_again_without_delay(make: Callable[..., Child]) -> None:
    child = make(DRAINS)
    until(child, Condition.READY)
    logged(child, "up")
    until(child, Condition.HELD, wanted=False)

    until(child, Condition.READY)

    assert child.failures == 0
    assert child.starts == 2


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from deploy.local.child import spawn\n"
        f"child = spawn((sys.executable, '-c', {SLEEPS!r}), {{}}, pathlib.Path({str(tmp_path / 'x.log')!r}))\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    parent = Child(Unit("parent", (sys.executable, "-c", program), ready=lambda: True), tmp_path / "parent.log")
    parent.step(wanted=True, may_start=True)
    assert parent.pid
    grandchild = int(wait_until(lambda: parent.log.read_text().strip(), within_s=20, what="a pid"))

    os.kill(parent.pid, signal.SIGKILL)

    wait_until(lambda: not Path(f"/proc/{grandchild}").exists() or _zombie(grandchild), within_s=10, what="ended")
    until(parent, Condition.HELD, wanted=False)


def _zombie(pid: int) -> bool:
    return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
