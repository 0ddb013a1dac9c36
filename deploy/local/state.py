"""What the supervisor writes down about itself, and how others tell a living one from a stale note.

The lock on `supervisor.lock` is held as long as the supervisor lives; a pid counts only with its start time,
because pids are used again.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

from deploy.files import write_atomically

LEFT_OVER_GRACE_S = 10.0


class Phase(StrEnum):
    """How far a stack is."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True)
class Running:
    """One process as noted: `started` is the kernel's start time of that pid, seconds since 1970."""

    pid: int
    started: float

    @staticmethod
    def of(pid: int) -> "Running | None":
        """Note a living process; None if it has gone."""
        try:
            return Running(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """That very process if it still lives, never another one with its number."""
        try:
            process = psutil.Process(self.pid)
            alive = process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


@dataclass(frozen=True)
class ChildNote:
    """One process of the stack as its supervisor sees it."""

    condition: str
    starts: int
    running: Running | None


@dataclass(frozen=True)
class Note:
    """What the supervisor last wrote."""

    phase: Phase
    supervisor: Running
    problem: str = ""
    children: dict[str, ChildNote] = field(default_factory=dict)


def note_path(folder: Path) -> Path:
    """Where the supervisor's note is."""
    return folder / "supervisor.json"


def log_path(folder: Path) -> Path:
    """Where the supervisor says what happened to its processes."""
    return folder / "logs" / "supervisor.log"


def write(folder: Path, note: Note) -> None:
    """Write the note."""
    write_atomically(note_path(folder), json.dumps(asdict(note), indent=1))


def read(folder: Path) -> Note | None:
    """The last note, whoever wrote it; None if there is none that can be read."""
    try:
        raw = json.loads(note_path(folder).read_text())
        children = {
            name: ChildNote(child["condition"], child["starts"], _running(child["running"]))
            for name, child in raw["children"].items()
        }
        return Note(Phase(raw["phase"]), Running(**raw["supervisor"]), raw["problem"], children)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _running(raw: dict[str, float] | None) -> Running | None:
    return Running(int(raw["pid"]), raw["started"]) if raw else None


def alive(folder: Path) -> Note | None:
    """The note of a supervisor that lives; None if there is none or it is stale."""
    note = read(folder)
    return note if note and note.supervisor.process() else None


class AlreadySupervised(Exception):
    """Another supervisor holds this folder."""


@contextmanager
def sole_supervisor(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raises `AlreadySupervised` if someone else does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadySupervised(f"{folder} is already supervised") from None
        yield


def end_left_over(folder: Path) -> None:
    """End what an earlier supervisor started and could not stop because it was killed itself."""
    note = read(folder)
    for child in (note.children if note else {}).values():
        process = child.running.process() if child.running else None
        if process:
            process.terminate()
            try:
                process.wait(LEFT_OVER_GRACE_S)
            except psutil.TimeoutExpired:
                process.kill()
    note_path(folder).unlink(missing_ok=True)
    (folder / "stack.json").unlink(missing_ok=True)
