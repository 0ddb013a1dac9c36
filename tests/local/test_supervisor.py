"""The supervisor starts processes in order, holds back what it is told to, gives up on a hopeless start."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import control, state
from deploy.local.ports import USUAL
from deploy.local.services import Addresses
from deploy.local.state import Phase
from deploy.local.supervisor import DidNotStart, Supervisor
from deploy.local.testing import wait_until
from deploy.local.unit import Unit

pytestmark = pytest.mark.slow

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
FAILS = (sys.executable, "-c", "raise SystemExit('no module named beside')")
BACK_WITHIN_S = 3.0


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    """Makes a supervisor of some units; everything it started is stopped afterwards."""
    made: list[Supervisor] = []

    def build(*units: Unit) -> Supervisor:
        made.append(Supervisor(list(units), Addresses(ports=USUAL, mongo="mongodb://nowhere"), tmp_path))
        return made[-1]

    yield build
    for supervisor in made:
        supervisor.stop_all("")


def conditions(supervisor: Supervisor) -> dict[str, str]:
    """What its note says about each process after one more look."""
    supervisor.tick()
    note = state.read(supervisor.folder)
    assert note
    return {name: child.condition for name, child in note.children.items()}


def pid(supervisor: Supervisor, name: str) -> int | None:
    """The process id that its note has."""
    note = state.read(supervisor.folder)
    running = note.children[name].running if note else None
    return running.pid if running else None


def until(supervisor: Supervisor, expected: dict[str, str]) -> None:
    """Tick until every process is as expected."""
    wait_until(lambda: conditions(supervisor) == expected, within_s=10, what=str(expected))


def test_a_process_waits_for_those_it_comes_after(supervise: Callable[..., Supervisor]) -> None:
    up: list[str] = []
    database = Unit("mongo", SLEEPS, ready=lambda: "mongo" in up)
    service = Unit("triage", SLEEPS, ready=lambda: True, after=("mongo",))
    supervisor = supervise(database, service)

    assert conditions(supervisor) == {"mongo": "starting", "triage": "waiting"}
    up.append("mongo")

    until(supervisor, {"mongo": "ready", "triage": "ready"})


def test_a_stack_is_ready_when_all_are_and_then_says_where(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    up: list[str] = []
    supervisor = supervise(Unit("triage", SLEEPS, ready=lambda: bool(up)))
    supervisor.tick()
    assert not (tmp_path / "stack.json").exists()

    up.append("yes")
    until(supervisor, {"triage": "ready"})

    assert (tmp_path / "stack.json").exists()
    note = state.read(tmp_path)
    assert note
    assert note.phase is Phase.READY


def test_a_killed_process_is_back_in_three_seconds(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(Unit("triage", SLEEPS, ready=lambda: True))
    until(supervisor, {"triage": "ready"})
    killed = pid(supervisor, "triage")
    assert killed

    os.kill(killed, signal.SIGKILL)
    at = time.monotonic()
    wait_until(
        lambda: conditions(supervisor)["triage"] == "ready" and pid(supervisor, "triage") != killed,
        within_s=BACK_WITHIN_S,
        what="back",
    )

    assert time.monotonic() - at < BACK_WITHIN_S


def test_a_held_process_stays_down_until_released(supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervise(Unit("kafka", SLEEPS, ready=lambda: True))
    until(supervisor, {"kafka": "ready"})

    control.hold(tmp_path, "kafka")
    until(supervisor, {"kafka": "held"})
    assert pid(supervisor, "kafka") is None

    control.release(tmp_path, "kafka")
    until(supervisor, {"kafka": "ready"})


def test_a_service_starts_while_what_it_comes_after_is_held(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    control.hold(tmp_path, "kafka")
    kafka = Unit("kafka", SLEEPS, ready=lambda: True)
    supervisor = supervise(kafka, Unit("triage", SLEEPS, ready=lambda: True, after=("kafka",)))

    until(supervisor, {"kafka": "held", "triage": "ready"})


def test_a_service_that_was_up_comes_back_even_while_the_database_is_down(
    supervise: Callable[..., Supervisor],
) -> None:
    up = ["mongo"]
    database = Unit("mongo", SLEEPS, ready=lambda: "mongo" in up)
    supervisor = supervise(database, Unit("triage", SLEEPS, ready=lambda: True, after=("mongo",)))
    until(supervisor, {"mongo": "ready", "triage": "ready"})
    up.clear()
    for name in ("mongo", "triage"):
        os.kill(pid(supervisor, name) or 0, signal.SIGKILL)

    until(supervisor, {"mongo": "starting", "triage": "ready"})


def test_a_start_that_fails_again_and_again_ends_with_the_logs_last_lines(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(Unit("triage", FAILS, ready=lambda: False))

    with pytest.raises(DidNotStart) as ended:
        supervisor.run()

    assert "triage does not start" in str(ended.value)
    assert "no module named beside" in str(ended.value)
    note = state.read(supervisor.folder)
    assert note
    assert note.phase is Phase.FAILED
