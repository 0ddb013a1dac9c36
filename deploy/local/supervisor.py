"""Keeps the processes of a stack as they should be: starts them in order, brings killed ones back, stops them all.

A file `hold/<name>` in the stack's folder stops that process until the file is gone.
"""

import json
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType

import psutil

from deploy.files import write_atomically
from deploy.local import plan, state
from deploy.local.child import Child, Condition
from deploy.local.services import Addresses
from deploy.local.state import ChildNote, Note, Phase, Running
from deploy.local.surroundings import read
from deploy.local.unit import Unit
from shared.runtime.clock import SystemClock

TICK_S = 0.1
READY_WITHIN_S = 240.0
_SETTLED = (Condition.READY, Condition.HELD)
FAILURES_ALLOWED = 3  # of one process in a row while the stack starts; later ones are brought back for ever
_LOG_LINES_SHOWN = 15


class DidNotStart(Exception):
    """The stack did not become ready; the message says which process and shows the end of its log."""


class Supervisor:
    """Owns the processes of one stack."""

    def __init__(self, units: list[Unit], where: Addresses, folder: Path) -> None:
        self.folder = folder
        self._where = where
        self._clock = SystemClock()
        self._children = {unit.name: Child(unit, folder / "logs" / f"{unit.name}.log") for unit in units}
        self._stop = threading.Event()
        self._phase = Phase.STARTING
        self._me = Running(os.getpid(), psutil.Process().create_time())
        self._written = Note(Phase.STARTING, self._me)

    def run(self) -> None:
        """Keep the stack until asked to stop, then stop everything; raises `DidNotStart`."""
        deadline = time.monotonic() + READY_WITHIN_S
        problem = ""
        try:
            while not self._stop.wait(TICK_S):
                self.tick()
                if self._phase is Phase.STARTING:
                    self._judge_start(deadline)
        except Exception as broken:
            problem = str(broken)
            raise
        finally:
            self.stop_all(problem)

    def tick(self) -> None:
        """One look at every process."""
        held = self.held()
        for name, child in self._children.items():
            child.step(wanted=name not in held, may_start=self._may_start(child.unit))
        if self._phase is Phase.STARTING and all(c.condition in _SETTLED for c in self._children.values()):
            self._phase = Phase.READY
        self._note()

    def held(self) -> frozenset[str]:
        """The processes that are to stay stopped for now."""
        hold = self.folder / "hold"
        return frozenset(file.name for file in hold.iterdir()) if hold.is_dir() else frozenset()

    def _may_start(self, unit: Unit) -> bool:
        """Only the first start waits for others: a service must live through their absence."""
        child = self._children[unit.name]
        return child.starts > 0 or all(self._children[name].condition in _SETTLED for name in unit.after)

    def _judge_start(self, deadline: float) -> None:
        for name, child in self._children.items():
            late = time.monotonic() > deadline and child.condition not in _SETTLED
            if late or child.failures > FAILURES_ALLOWED:
                lines = (
                    child.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:] if child.log.exists() else []
                )
                raise DidNotStart("\n".join([f"{name} does not start; the end of {child.log.name}:", *lines]))

    def stop_all(self, problem: str) -> None:
        """Services first, so that they drain into servers that still run; whatever was started is waited for."""
        self._phase = Phase.FAILED if problem else Phase.STOPPING
        (self.folder / "stack.json").unlink(missing_ok=True)
        servers = {name for child in self._children.values() for name in child.unit.after} | {"mail", "keycloak"}
        for group in (self._children.keys() - servers, servers & self._children.keys()):
            children = [self._children[name] for name in group]
            for child in children:
                child.stop()
            while any(child.pid for child in children):
                for child in children:
                    child.step(wanted=False, may_start=False)
                self._note(problem)
                time.sleep(TICK_S / 2)
        self._note(problem)
        if not problem:
            state.note_path(self.folder).unlink(missing_ok=True)

    def ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Have `run` end; a signal handler."""
        self._stop.set()

    def _note(self, problem: str = "") -> None:
        """Write down what changed, for others to read."""
        children = {
            name: ChildNote(child.condition.value, child.starts, child.running)
            for name, child in self._children.items()
        }
        note = Note(self._phase, self._me, problem, children)
        if note != self._written:
            self._say_what_changed(note)
            self._written = note
            if self._phase is Phase.READY:
                pids = {name: child.pid for name, child in self._children.items() if child.pid}
                stack = plan.described(self._where, pids, self.folder)
                write_atomically(self.folder / "stack.json", json.dumps(stack, indent=1))
            state.write(self.folder, note)

    def _say_what_changed(self, note: Note) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        for name, child in note.children.items():
            before = self._written.children.get(name)
            if before is None or (before.condition, before.starts) != (child.condition, child.starts):
                said = {"at": at, "process": name, "is": child.condition, "starts": child.starts}
                print(json.dumps({**said, "pid": child.running.pid if child.running else None}), flush=True)


def supervise(folder: Path) -> None:
    """Run a stack in this process until told to stop."""
    with state.sole_supervisor(folder):
        state.end_left_over(folder)
        where = plan.addresses(read())
        month = f"{SystemClock().now():%Y-%m}"  # a stack started in another month signs with a new key
        supervisor = Supervisor(plan.units(folder, where, month), where, folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, supervisor.ask_to_stop)
        supervisor.run()
