"""Every package is pinned with its hash in one version, and the services import only what the image installs."""

import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.guards import names_used
from tests.architecture.sources import CHECKOUT, Source, python_files

pytestmark = pytest.mark.slow

RUN_TIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"
LOCKS = (RUN_TIME, DEVELOPMENT, "deploy/docker/mail.lock")
PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; [^\\]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
IN_IMAGE = ("services", "shared")
# The motor adapter is an extra that no image carries; test helpers never run in one.
NOT_IN_IMAGE = re.compile(r"shared/testing/.*|shared/runtime/motor_store\.py")
OWN = frozenset({"services", "shared", "deploy"})


def pins(lock: str) -> set[tuple[str, str]]:
    """(package, version) of every pin that has a hash."""
    return {(name, version) for name, version, _ in PIN.findall((CHECKOUT / lock).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()

    assert len(PIN.findall(text)) == text.count("==") - _versions_in_markers(text)
    assert pins(lock)


def _versions_in_markers(text: str) -> int:
    return sum(marker.count("==") for marker in re.findall(r" ; ([^\\\n]*)", text))


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != DEVELOPMENT])
def test_images_install_what_the_tests_ran_with(lock: str) -> None:
    assert pins(lock) - pins(DEVELOPMENT) == set()


def undeclared(root: Path, installed: set[str]) -> list[str]:
    """Imports in the image's code of packages that the image does not install."""
    return [
        f"{source.name}:{line}: {name}"
        for source in [*python_files(root, IN_IMAGE), *_provisioning(root)]
        if not NOT_IN_IMAGE.fullmatch(source.name)
        for name, line in sorted({(name.partition(".")[0], line) for name, line in names_used(source.tree)})
        if name not in sys.stdlib_module_names | OWN and not installed & _providers(name)
    ]


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _providers(module: str) -> set[str]:
    return {name.lower().replace("_", "-").replace(".", "-") for name in _distributions().get(module, [])}


def _provisioning(root: Path) -> list[Source]:
    """What the image carries of deploy/ for the jobs that prepare a stack."""
    deploy = root / "deploy"
    named = [deploy / "topics.py", deploy / "files.py", *sorted((deploy / "keycloak").glob("*.py"))]
    return [Source(root, path) for path in named if path.exists()]


def test_the_services_import_only_what_the_image_installs() -> None:
    assert undeclared(CHECKOUT, {name.replace(".", "-") for name, _ in pins(RUN_TIME)}) == []


@pytest.mark.parametrize("line", ["import pytest", "from rich.progress import Progress", "import no_such_package"])
def test_an_import_of_something_else_is_found(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "services" / "triage" / "app.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"import pymongo\n{line}\n")

    (found,) = undeclared(tmp_path, {"pymongo"})

    assert found.startswith("services/triage/app.py:2: ")
