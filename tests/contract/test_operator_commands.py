"""What an operator types, as it is typed, on real servers: every service answers; an unknown word gets the usage."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.services import make_keys, settings_of
from deploy.local.surroundings import inherited
from tests.architecture.subscribers import NOWHERE

Typed = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def typed(mongo: str, kafka: str, database: Any, tmp_path: Path) -> Typed:
    """Run `python -m services.<service> <words>` on an empty database."""

    def run(service: str, *words: str) -> "subprocess.CompletedProcess[str]":
        make_keys(service, tmp_path / "keys", "first")
        reaches = {"MONGO_URL": mongo, "DATABASE": database.name, "KAFKA": kafka}
        told = settings_of(service, NOWHERE, tmp_path) | {
            f"{service.upper()}_{key}": one for key, one in reaches.items()
        }
        environment = inherited() | told
        command = [sys.executable, "-m", f"services.{service}", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.parametrize("service", ["referral", "triage", "support", "safeguarding", "outcomes"])
def test_parked_is_counted(typed: Typed, service: str) -> None:
    done = typed(service, "parked", "count")

    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


@pytest.mark.parametrize(("service", "views"), [("referral", 2), ("triage", 1), ("support", 2), ("safeguarding", 1)])
def test_views_are_filled_anew(typed: Typed, service: str, views: int) -> None:
    done = typed(service, "rebuild")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{views} rebuilt\n")


@pytest.mark.parametrize("service", ["referral", "triage", "support", "safeguarding", "outcomes"])
def test_an_unknown_word_gets_the_usage_and_a_failure(typed: Typed, service: str) -> None:
    done = typed(service, "launch")

    assert done.returncode == 1
    assert f"python -m services.{service} [serve" in done.stderr
