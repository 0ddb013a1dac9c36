"""The local servers for tests: one Kafka, one mongod, or a whole stack of one's own, always stopped at the end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.local import control, plan, ports, state
from deploy.local.child import Child, Condition, spawn
from deploy.local.issuer import Issuer
from deploy.local.kafka_server import kafka_unit
from deploy.local.keycloak_server import ADMINISTRATOR, administrators_password
from deploy.local.mongo_server import mongo_unit, mongo_url
from deploy.local.services import Addresses
from deploy.local.surroundings import Surroundings
from deploy.local.unit import Unit
from shared.testing.issuer import ISSUER, access_settings

_POLL_S = 0.05
_READY_WITHIN_S = 180.0
"""Keycloak fills its database at its first start: half a minute alone, two and more beside other tests."""


class NotInTime(Exception):
    """Something that a test waited for did not happen."""


def wait_until(happened: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """Poll until `happened` gives something true and return it; raises `NotInTime` naming what was waited for."""
    deadline = time.monotonic() + within_s
    while not (found := happened()):
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {within_s:g} s: {what}")
        time.sleep(_POLL_S)
    return found


@contextmanager
def running(unit: Unit, folder: Path) -> Iterator[Child]:
    """Run one unit alone until the block ends; raises `NotInTime` with the end of its log."""
    child = Child(unit, folder / f"{unit.name}.log")
    try:
        wait_until(lambda: _is_ready(child), within_s=_READY_WITHIN_S, what=f"{unit.name} ready; see {child.log}")
        yield child
    finally:
        child.stop()
        while child.pid:
            child.step(wanted=False, may_start=False)
            time.sleep(_POLL_S)


def _is_ready(child: Child) -> bool:
    child.step(wanted=True, may_start=True)
    return child.condition is Condition.READY


@contextmanager
def local_kafka(folder: Path) -> Iterator[str]:
    """A Kafka without topics; gives its bootstrap address."""
    chosen = ports.choose(("kafka", "kafka-controller"), asked={}, before={}, usual={})
    unit = kafka_unit(port=chosen["kafka"], controller=chosen["kafka-controller"], folder=folder, topics=False)
    with running(unit, folder):
        yield f"127.0.0.1:{chosen['kafka']}"


@contextmanager
def local_mongo(folder: Path) -> Iterator[str]:
    """A mongod as a replica set of one; gives its URL."""
    port = ports.choose(("mongo",), asked={}, before={}, usual={})["mongo"]
    with running(mongo_unit(port=port, folder=folder), folder):
        yield mongo_url(port)


class LocalKeycloak:
    """A Keycloak with the realm of the demonstration, for services that do not run: what it says about itself."""

    def __init__(self, where: Addresses, folder: Path, child: Child) -> None:
        self.where = where
        self.folder = folder
        self.child = child
        self.described: dict[str, Any] = plan.described(where, {}, folder)

    @property
    def issuer(self) -> Issuer:
        """What services are told of it."""
        return self.where.issuer

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self.child.log.read_text()

    @property
    def administrator(self) -> tuple[str, str]:
        """Name and password of its own administrator, who lives in the realm `master`."""
        return ADMINISTRATOR, administrators_password(self.folder / "keys")


@contextmanager
def local_keycloak(folder: Path) -> Iterator[LocalKeycloak]:
    """A Keycloak alone, its services' addresses free ports on which a test may listen."""
    where = plan.addresses(Surroundings(folder=folder))
    with running(plan.issuer_unit(where, folder), folder) as child:
        yield LocalKeycloak(where, folder, child)


class LocalStack:
    """A whole stack of a test's own: what it says about itself, and ways to hurt it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def described(self) -> dict[str, Any]:
        """stack.json as it is now."""
        read: dict[str, Any] = json.loads((self.folder / "stack.json").read_text())
        return read

    @property
    def urls(self) -> dict[str, str]:
        """The services' addresses by name."""
        found: dict[str, str] = self.described["services"]
        return found

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap address; the same for the stack's whole life."""
        return str(self.described["kafka"])

    @property
    def mongo(self) -> str:
        """MongoDB's URL; the same for the stack's whole life."""
        return str(self.described["mongo"])

    @property
    def logs(self) -> Path:
        """The folder with one log for each process."""
        return self.folder / "logs"

    def mails(self) -> list[dict[str, Any]]:
        """What the mail sink has taken, newest last."""
        return self._listed("mail")

    def webhooks(self) -> list[dict[str, Any]]:
        """The webhooks that the sink has taken, newest last."""
        return self._listed("webhooks")

    def pid(self, name: str) -> int | None:
        """The process id of one process now; None while it does not run."""
        note = state.alive(self.folder)
        child = note.children[name].running if note else None
        return child.pid if child and child.process() else None

    def condition(self, name: str) -> str:
        """Whether a process is waiting, starting, ready, stopping or held, as its supervisor last saw it."""
        note = state.alive(self.folder)
        return note.children[name].condition if note else "gone"

    def kill(self, name: str) -> int:
        """kill -9; the supervisor brings it back. Gives the pid that was killed, to wait for another one."""
        pid = wait_until(lambda: self.pid(name), within_s=10, what=f"{name} runs")
        os.kill(pid, signal.SIGKILL)
        return int(pid)

    def stop(self, name: str) -> None:
        """Stop a process and keep it stopped, its data and port kept; returns when it has ended."""
        control.hold(self.folder, name)
        wait_until(lambda: self.condition(name) == "held", within_s=30, what=f"{name} stopped")

    def start(self, name: str) -> None:
        """Start a stopped process again; returns when it is ready."""
        control.release(self.folder, name)
        self.wait_ready(name)

    def wait_ready(self, name: str, *, not_pid: int | None = None, within_s: float = _READY_WITHIN_S) -> None:
        """Return when a process is ready, and is another one than `not_pid`."""
        wait_until(
            lambda: self._ready_pid(name) not in (None, not_pid),
            within_s=within_s,
            what=f"{name} ready; see {self.logs / name}.log",
        )

    def _ready_pid(self, name: str) -> int | None:
        """The pid of a ready process, from one look: two looks may see the old one ready and the new one's pid."""
        note = state.alive(self.folder)
        child = note.children[name] if note else None
        if child is None or child.running is None or child.condition != "ready":
            return None
        return child.running.pid if child.running.process() else None

    def _listed(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(self.described[key], trust_env=False).raise_for_status().json()
        return found


@contextmanager
def own_stack(
    folder: Path, *, settings: Mapping[str, str] | None = None, held: tuple[str, ...] = (), keycloak: bool = False
) -> Iterator[LocalStack]:
    """Start a stack in a fresh folder, stop it when the block ends.

    `settings` are environment variables of services (REFERRAL_..., SAFEGUARDING_ROTA_FILE, ...) that win over the
    stack's own; `held` names processes that are not started until `start(name)`. Its services believe the tokens of
    `shared.testing.issuer`, or with `keycloak` those of a Keycloak of their own. Raises `StackProblem`.
    """
    for name in held:
        control.hold(folder, name)
    issuer = {} if keycloak else believing_tests(folder / "issuer")
    environment = {"BESIDE_LOCAL": str(folder), **issuer, **(settings or {})}
    process = spawn((sys.executable, "-m", "deploy.local", "supervise"), environment, state.log_path(folder))
    try:
        control.await_ready(folder, process)
        yield LocalStack(folder)
    finally:
        _end(process)


def believing_tests(folder: Path) -> dict[str, str]:
    """What has a stack believe the tests' issuer, whose key lasts as long as this process."""
    folder.mkdir(parents=True, exist_ok=True)
    return {"BESIDE_ISSUER": ISSUER, "BESIDE_ISSUER_JWKS": str(access_settings(folder, "referral")["jwks_file"])}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
