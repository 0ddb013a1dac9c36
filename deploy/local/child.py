"""One supervised process as a small state machine; `step` never blocks, so one slow process delays no other."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from deploy.local.places import CHECKOUT
from deploy.local.state import Running
from deploy.local.surroundings import for_child
from deploy.local.unit import Unit

BACK_OFF_S = (0.0, 0.2, 0.5, 1.0, 2.0)  # before the n-th start in a row that did not last
LASTED_S = 5.0
_LOG_KEPT_BYTES = 20_000_000
_PR_SET_PDEATHSIG = 1


class Condition(StrEnum):
    """Where a process is."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    HELD = "held"


class Child:
    """Starts a unit, notices when it is ready or gone, starts it again, and stops it when told to."""

    def __init__(self, unit: Unit, log: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.unit = unit
        self.log = log
        self.condition = Condition.WAITING
        self.starts = 0
        self.failures = 0
        self._clock = clock
        self.running: Running | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._settled = False
        self._started_at = 0.0
        self._start_from = 0.0
        self._kill_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def step(self, *, wanted: bool, may_start: bool) -> None:
        """Bring the process one step nearer to what is wanted."""
        if self._process and self._process.poll() is not None:
            self._gone(wanted=wanted)
        if not wanted:
            self._towards_stopped()
        elif self._process is None:
            if may_start and self._clock() >= self._start_from:
                self._start()
        elif self.condition is Condition.STARTING and self.unit.ready():
            self._became_ready()

    def stop(self) -> None:
        """Ask it to drain; `step` with wanted=False follows it to its end."""
        if self._process and self.condition is not Condition.STOPPING:
            self._process.terminate()
            self._kill_at = self._clock() + self.unit.grace_s
            self.condition = Condition.STOPPING

    def _towards_stopped(self) -> None:
        if self._process is None:
            self.condition = Condition.HELD
        elif self.condition is not Condition.STOPPING:
            self.stop()
        elif self._clock() >= self._kill_at:
            self._process.kill()

    def _start(self) -> None:
        self.unit.prepare()
        self._process = spawn(self.unit.command, self.unit.environment, self.log)
        self.running = Running.of(self._process.pid)
        self._started_at = self._clock()
        self.starts += 1
        self.condition = Condition.STARTING

    def _became_ready(self) -> None:
        if not self._settled:
            self.unit.settle()
            self._settled = True
        self.condition = Condition.READY

    def _gone(self, *, wanted: bool) -> None:
        self._process = None
        self.running = None
        lasted = self._clock() - self._started_at >= LASTED_S
        self.failures = 0 if lasted or not wanted or self.condition is Condition.STOPPING else self.failures + 1
        self._start_from = self._clock() + BACK_OFF_S[min(self.failures, len(BACK_OFF_S) - 1)]
        self.condition = Condition.WAITING


def spawn(command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process in its own session, its output appended to `log`; on Linux it ends with its parent."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".1.log"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=for_child(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - only asks the kernel for a signal; no thread here
        )


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
