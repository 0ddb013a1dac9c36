"""Imports point the way the house is built, and every contract is seen to catch a planted import against it."""

import subprocess
from pathlib import Path

import pytest

from tests.architecture.sources import CHECKOUT

pytestmark = pytest.mark.slow

LINT_IMPORTS = CHECKOUT / ".venv" / "bin" / "lint-imports"
SERVICE = (
    "__init__",
    "__main__",
    "app",
    "settings",
    "adapters/__init__",
    "adapters/http",
    "domain/__init__",
    "domain/decide",
)
HOUSE = (
    *(f"services/{service}/{module}" for service in ("referral", "triage") for module in SERVICE),
    *("services/__init__", "shared/__init__", "shared/runtime/mongo", "deploy/__init__", "tests/__init__"),
    *(f"shared/{part}/__init__" for part in ("events", "instruments", "programmes", "runtime", "access", "testing")),
)

INDEPENDENT = "Services never import each other"
INWARD = "Inside a service, imports point inward; no stray modules"
NO_IO = "The domain and the published events know no IO"
LAYERS = "services > testing > web > access > runtime > programmes > instruments > events"
NO_HELPERS = "Production code never imports test helpers, tests or the local stack"
NO_STACK = "The shared packages never import tests or the local stack"
ONE_WIRING = "Only app.py wires the concrete store"

PLANTED = (
    (INDEPENDENT, "services/referral/app", "from services.triage.domain import decide"),
    (INWARD, "services/triage/domain/decide", "from services.triage.adapters import http"),
    (INWARD, "services/triage/adapters/http", "from services.triage import app"),
    (INWARD, "services/triage/helpers", "x = 1"),
    (NO_IO, "services/triage/domain/decide", "import httpx"),
    (NO_IO, "services/triage/domain/decide", "from shared.runtime import mongo"),
    (NO_IO, "shared/events/__init__", "import pymongo"),
    (NO_IO, "shared/programmes/__init__", "import structlog"),
    (LAYERS, "shared/runtime/__init__", "import shared.access"),
    (LAYERS, "shared/events/__init__", "import shared.instruments"),
    (LAYERS, "shared/access/__init__", "import services.triage.settings"),
    (NO_HELPERS, "services/triage/app", "import shared.testing"),
    (NO_HELPERS, "services/triage/app", "import deploy.local"),
    (NO_STACK, "shared/runtime/__init__", "import tests"),
    (ONE_WIRING, "services/triage/adapters/http", "import shared.runtime.mongo"),
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small tree of the house's own shape, under the house's own contracts."""
    for module in HOUSE:
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text())
    (tmp_path / "services" / "triage" / "app.py").write_text("import shared.runtime.mongo\n")
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree."""
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


def test_the_checkout_keeps_every_contract() -> None:
    told = lint(CHECKOUT)

    assert told.returncode == 0, told.stdout


def test_the_small_house_keeps_every_contract(house: Path) -> None:
    told = lint(house)

    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(("contract", "module", "line"), PLANTED, ids=lambda v: str(v)[:50])
def test_a_planted_import_breaks_its_contract(house: Path, contract: str, module: str, line: str) -> None:
    (house / f"{module}.py").write_text(f"{line}\n")

    told = lint(house)

    assert told.returncode == 1
    assert f"{contract} BROKEN" in told.stdout, told.stdout


def test_every_contract_has_a_planted_import() -> None:
    named = {line.split('"')[1] for line in (CHECKOUT / "pyproject.toml").read_text().splitlines() if "name = " in line}

    assert {contract for contract, _, _ in PLANTED} == named - {"beside"}
