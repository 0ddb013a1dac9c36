"""The image's entry point makes the keys that a volume lacks, once, for their owner only, then becomes the service."""

import stat
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from deploy.local.places import CHECKOUT

SCRIPT = CHECKOUT / "deploy" / "docker" / "entrypoint.sh"
SHOWS = '#!/bin/sh\necho "ran $* secret=${SAFEGUARDING_WEBHOOK_SECRET:-none}"\n'


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """A folder with the two volumes and a python that only says what it was asked."""
    for name in ("keys", "webhook", "bin"):
        (tmp_path / name).mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(SHOWS)
    python.chmod(0o755)
    script = tmp_path / "entrypoint.sh"
    text = SCRIPT.read_text()
    script.write_text(text.replace("/keys", f"{tmp_path}/keys").replace("/webhook", f"{tmp_path}/webhook"))
    return tmp_path


def run(volumes: Path, *arguments: str, **settings: str) -> str:
    """What the python of the container was asked."""
    environment = {"PATH": f"{volumes / 'bin'}:/usr/bin:/bin", **settings}
    told = subprocess.run(
        ["sh", volumes / "entrypoint.sh", *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_a_service_gets_a_key_of_its_own_once(volumes: Path) -> None:
    asked = run(volumes, SERVICE="safeguarding")
    key = volumes / "keys" / "safeguarding.key"
    first = key.read_bytes()
    run(volumes, SERVICE="safeguarding")

    assert asked.startswith("ran -m services.safeguarding secret=whsec_")
    assert len(first) == 32
    assert key.read_bytes() == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_webhooks_secret_is_that_of_the_shared_volume(volumes: Path) -> None:
    asked = run(volumes, SERVICE="safeguarding")

    secret = b64encode((volumes / "webhook" / "key").read_bytes()).decode()
    assert asked == f"ran -m services.safeguarding secret=whsec_{secret}"


def test_a_secret_that_was_set_stays(volumes: Path) -> None:
    asked = run(volumes, SERVICE="safeguarding", SAFEGUARDING_WEBHOOK_SECRET="whsec_eA==")

    assert asked == "ran -m services.safeguarding secret=whsec_eA=="


def test_a_command_of_the_service_is_passed_on(volumes: Path) -> None:
    assert run(volumes, "parked", "list", SERVICE="triage").startswith("ran -m services.triage parked list")


def test_without_a_service_the_given_command_runs(volumes: Path) -> None:
    assert run(volumes, "python", "-m", "deploy.topics") == "ran -m deploy.topics secret=none"
    assert not list((volumes / "keys").iterdir())
