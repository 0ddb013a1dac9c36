"""What a person does with a stack: start it in the background, look at it, read its logs, stop it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil

from deploy.local import state
from deploy.local.places import CHECKOUT
from deploy.local.state import Note, Phase
from deploy.local.supervisor import READY_WITHIN_S
from deploy.local.surroundings import inherited

_POLL_S = 0.1
_STOP_WITHIN_S = 60.0
_LINES_OF_EACH_LOG = 10
_MEGABYTE = 1024 * 1024


class StackProblem(Exception):
    """The command could not do what it is for; the message is for the person who asked."""


def up(folder: Path) -> None:
    """Start the stack in the background and return when it is ready; one that runs is left alone."""
    if not state.alive(folder):
        log_file = state.log_path(folder)
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", "supervise"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited() | {"BESIDE_LOCAL": str(folder)},
                cwd=CHECKOUT,
                start_new_session=True,
            )
        await_ready(folder, process)
    else:
        await_ready(folder, None)
    status(folder)


def await_ready(folder: Path, process: subprocess.Popen[bytes] | None) -> Note:
    """Wait for the stack to be ready; raises `StackProblem` with the reason when it ended or took too long."""
    deadline = time.monotonic() + READY_WITHIN_S + 10
    while time.monotonic() < deadline:
        note = state.alive(folder)
        if note and note.phase is Phase.READY:
            return note
        if (process.poll() is not None) if process else not note:
            raise StackProblem(_why_ended(folder))
        time.sleep(_POLL_S)
    raise StackProblem(f"the stack is not ready; see {folder / 'logs'}")


def _why_ended(folder: Path) -> str:
    note = state.read(folder)
    said = state.log_path(folder).read_text().strip().splitlines()
    return (note.problem if note else "") or "\n".join(said[-1:]) or "the stack was stopped"


def down(folder: Path) -> None:
    """Stop the stack and wait until everything it started has ended."""
    note = state.read(folder)
    supervisor = note.supervisor.process() if note else None
    if supervisor:
        supervisor.terminate()
        deadline = time.monotonic() + _STOP_WITHIN_S
        while _runs(supervisor) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
    if state.alive(folder):
        raise StackProblem(f"the stack does not stop; see {state.log_path(folder)}")
    with state.sole_supervisor(folder):
        state.end_left_over(folder)
    print("the stack is stopped")


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def status(folder: Path) -> None:
    """Print what runs, where it can be reached, and what it weighs; raises `StackProblem` when nothing runs."""
    note = state.alive(folder)
    if not note:
        raise StackProblem("the stack is not running; start it with: make up")
    addresses = _addresses(folder)
    print(f"{'':14}{'is':10}{'pid':>8}{'starts':>8}{'MB':>7}  at")
    total = 0.0
    for name, child in note.children.items():
        process = child.running.process() if child.running else None
        size = process.memory_info().rss / _MEGABYTE if process else 0.0
        total += size
        pid = str(process.pid) if process else "-"
        print(f"{name:14}{child.condition:10}{pid:>8}{child.starts:>8}{size:7.0f}  {addresses.get(name, '')}")
    print(f"{note.phase}; {total:.0f} MB resident in all; logs in {folder / 'logs'}")


def logs(folder: Path, *names: str) -> None:
    """Print the end of each log, then follow them until interrupted (or not, if nobody watches)."""
    files = {path.stem: path for path in sorted((folder / "logs").glob("*.log"))}
    chosen = {name: path for name, path in files.items() if not names or name in names}
    if not chosen:
        raise StackProblem(f"no logs of {' '.join(names) or 'a stack'} in {folder / 'logs'}")
    at = {name: _print_end(name, path) for name, path in chosen.items()}
    try:
        while sys.stdout.isatty():
            time.sleep(_POLL_S)
            at = {name: _print_since(name, chosen[name], at[name]) for name in chosen}
    except KeyboardInterrupt:
        return


def hold(folder: Path, name: str) -> None:
    """Have the supervisor stop one process and keep it stopped."""
    mark = folder / "hold" / name
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def release(folder: Path, name: str) -> None:
    """Let the supervisor start a held process again."""
    (folder / "hold" / name).unlink(missing_ok=True)


def _addresses(folder: Path) -> dict[str, str]:
    path = folder / "stack.json"
    if not path.exists():
        return {}
    stack = json.loads(path.read_text())
    servers = {name: stack[name] for name in ("kafka", "mongo", "mail")}
    return {**stack["services"], **servers, "keycloak": stack["issuer"]}


def _print_end(name: str, path: Path) -> int:
    text = path.read_bytes()
    for line in text.decode(errors="replace").splitlines()[-_LINES_OF_EACH_LOG:]:
        print(f"{name:13} {line}")
    return len(text)


def _print_since(name: str, path: Path, at: int) -> int:
    size = path.stat().st_size
    start = at if size >= at else 0
    if size > start:
        with path.open("rb") as file:
            file.seek(start)
            for line in file.read(size - start).decode(errors="replace").splitlines():
                print(f"{name:13} {line}", flush=True)
    return size
