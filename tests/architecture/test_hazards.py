"""The hazard log is true: every rule is controlled or openly not yet, and its tests exist and run."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "docs" / "safety" / "hazards.yaml"
RULES = {f"S{number}" for number in range(1, 32)}
SEVERITIES = {"catastrophic", "major", "considerable", "significant", "minor"}
"""The five severities of the clinical risk standard DCB0129."""


def faults_of(log: dict[str, Any], root: Path) -> list[str]:
    """What is wrong with a hazard log, in words."""
    rows = log["hazards"]
    missing = RULES - {row["id"] for row in rows} - set(log["not_yet"])
    found = [f"{rule}: neither controlled nor named as not yet" for rule in sorted(missing)]
    for row in rows:
        found += [f"{row['id']}: no {name}" for name in ("hazard", "cause", "control", "owner") if not row.get(name)]
        if row.get("severity") not in SEVERITIES:
            found.append(f"{row['id']}: severity is none of the standard's")
        if not row.get("tests"):
            found.append(f"{row['id']}: a control without a test")
        found += [f"{row['id']}: {test} is no test that runs" for test in row.get("tests", ()) if not runs(test, root)]
    return found


def runs(test: str, root: Path) -> bool:
    """Whether `path::function` names a test function that exists and is not skipped."""
    path, _, name = test.partition("::")
    if not (root / path).is_file():
        return False
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse((root / path).read_text())):
        if isinstance(node, functions) and node.name == name and name.startswith("test_"):
            return not any("skip" in ast.unparse(mark) or "xfail" in ast.unparse(mark) for mark in node.decorator_list)
    return _is_state_machine(root / path, name)


def _is_state_machine(path: Path, name: str) -> bool:
    assigned = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assign))
    return any(isinstance(target, ast.Name) and target.id == name for node in assigned for target in node.targets)


def test_every_rule_is_controlled_by_tests_that_run_or_named_as_not_yet() -> None:
    assert faults_of(yaml.safe_load(LOG.read_text()), ROOT) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"tests": []},
        {"tests": ["tests/architecture/test_hazards.py::test_that_never_was"]},
        {"tests": ["tests/nowhere.py::test_every_rule"]},
        {"severity": "so so"},
        {"owner": ""},
        {"id": "S0"},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_log_is_refused(damage: dict[str, Any]) -> None:
    this = "tests/architecture/test_hazards.py::test_damaged_log_is_refused"
    row = {
        "id": "S1",
        "hazard": "a",
        "cause": "b",
        "control": "c",
        "owner": "d",
        "severity": "major",
        "tests": [this],
    }
    others = sorted(RULES - {"S1"})

    assert faults_of({"hazards": [row], "not_yet": others}, ROOT) == []
    assert faults_of({"hazards": [row | damage], "not_yet": others}, ROOT)
