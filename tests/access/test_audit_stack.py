"""A running service's audit, end to end: noted, carried to Kafka when it stops, and checked by its operator."""

import subprocess
import sys

import httpx
import pytest

from deploy.local.services import key_file
from deploy.local.surroundings import inherited

ASKED = 5


@pytest.mark.timeout(180)
def test_what_a_running_service_noted_is_proven_by_its_heads_on_kafka_once_it_has_stopped(stack):
    concern = "8f62d196-0000-4000-8000-000000000001"
    for number in range(ASKED):
        httpx.post(
            f"{stack.urls['safeguarding']}/api/concerns/{concern}/acknowledge",
            json={"code": "wrong"},
            headers={"Idempotency-Key": f"audit-{number}-{concern}"},
            trust_env=False,
        )
    stack.stop("safeguarding")
    try:
        done = verified(stack)
    finally:
        stack.start("safeguarding")

    assert done.returncode == 0, done.stdout + done.stderr
    proven = [line for line in done.stdout.splitlines() if "by a head in audit.heads/" in line]
    assert proven, done.stdout
    assert not any("not proven" in line for line in proven), "the last head was carried too"
    assert int(proven[-1].split(" ")[1]) >= ASKED


def verified(stack) -> "subprocess.CompletedProcess[str]":
    """`audit verify` in the service's surroundings, with the heads of Kafka alone."""
    keys = stack.folder / "keys"
    reaches = {
        "MONGO_URL": stack.mongo,
        "DATABASE": "safeguarding",
        "KAFKA": stack.kafka,
        "KEY_FILE": key_file(keys, "safeguarding"),
        "SIGNING_KEYS": keys / "signing" / "safeguarding",
        "TRUSTED_KEYS": keys / "trusted",
        "AUDIT_HEADS": stack.folder / "nothing-here",
    }
    environment = inherited() | {f"SAFEGUARDING_{name}": str(value) for name, value in reaches.items()}
    command = [sys.executable, "-m", "services.safeguarding", "audit", "verify", "--kafka"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
