"""docker-compose.yml describes the stack that deploy/local runs, as far as that can be seen without an engine."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.kafka_server import HEAP, PROPERTIES
from deploy.local.mongo_server import CACHE_GB, OPLOG_HOURS, REPLICA_SET
from deploy.local.places import CHECKOUT, SERVICES
from deploy.local.ports import USUAL
from deploy.local.services import Addresses, settings_of

COMPOSE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = CHECKOUT / "deploy" / "docker" / "Dockerfile"
# Where the image keeps its data is its own affair; everything else about Kafka must be equal.
DATA_FOLDER = "log.dirs"


@pytest.fixture
def services() -> dict[str, Any]:
    """The containers by name, anchors resolved."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def usual_settings(service: str, keys: Path) -> Mapping[str, str]:
    """The environment that the local stack gives a service at the usual ports."""
    mongo = f"mongodb://127.0.0.1:{USUAL['mongo']}/?replicaSet={REPLICA_SET}"
    return settings_of(service, Addresses(ports=USUAL, mongo=mongo), keys)


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_gets_the_settings_of_the_local_stack(
    service: str, services: dict[str, Any], tmp_path: Path
) -> None:
    expected = dict(usual_settings(service, tmp_path))
    expected[f"{service.upper()}_KEY_FILE"] = f"/keys/{service}.key"
    if service == "safeguarding":
        expected["SAFEGUARDING_WEBHOOK_SECRET"] = ""  # made inside, by the entry point

    assert services[service]["environment"] == {"SERVICE": service, **expected}


def test_no_other_containers_than_the_local_stack_has(services: dict[str, Any]) -> None:
    assert set(services) == {*SERVICES, "mongo", "kafka", "mail", "topics"}


def test_kafka_has_the_properties_of_the_local_stack(services: dict[str, Any]) -> None:
    text = PROPERTIES.format(port=USUAL["kafka"], controller=USUAL["kafka-controller"], data="")
    local = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith(DATA_FOLDER))
    expected = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in local.items()}
    environment = services["kafka"]["environment"]

    assert environment.pop("KAFKA_LOG_DIRS")
    assert environment.pop("KAFKA_HEAP_OPTS") == HEAP
    assert environment == expected


def test_mongo_is_a_replica_set_of_the_same_name_and_size(services: dict[str, Any]) -> None:
    command = services["mongo"]["command"]

    assert f"--replSet={REPLICA_SET}" in command
    assert f"--port={USUAL['mongo']}" in command
    assert f"--wiredTigerCacheSizeGB={CACHE_GB}" in command
    assert f"--oplogMinRetentionHours={OPLOG_HOURS}" in command
    assert f'_id: "{REPLICA_SET}"' in services["mongo"]["healthcheck"]["test"][-1]


def test_nothing_listens_beyond_this_machine(services: dict[str, Any]) -> None:
    for name, container in services.items():
        assert container["network_mode"] == "host", name
        assert "ports" not in container, name
    assert "0.0.0.0" not in COMPOSE.read_text()  # noqa: S104 - the very thing that must not be there


def test_whatever_keeps_running_is_checked_and_comes_back(services: dict[str, Any]) -> None:
    for name, container in services.items():
        if name != "topics":
            assert container["healthcheck"]["test"], name
            assert container["restart"] == "always", name


def test_services_start_after_the_topics_job_and_the_database(services: dict[str, Any]) -> None:
    assert services["topics"]["command"][-1] == f"127.0.0.1:{USUAL['kafka']}"
    for service in SERVICES:
        waits = services[service]["depends_on"]
        assert waits["topics"] == {"condition": "service_completed_successfully"}
        assert waits["mongo"] == {"condition": "service_healthy"}


def test_the_image_installs_hashed_packages_and_does_not_run_as_root() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    installs = [line for line in lines if "pip install" in line]

    assert installs
    assert all("--require-hashes" in line for line in installs)
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER beside"


def test_everything_the_image_copies_is_here() -> None:
    copied = [line.split()[1:-1] for line in DOCKERFILE.read_text().splitlines() if line.startswith("COPY ")]
    names = [name for group in copied for name in group if not name.startswith("--")]

    assert [name for name in names if not (CHECKOUT / name).exists()] == []


def test_docker_itself_accepts_the_file() -> None:
    client = shutil.which("docker")
    if not client or subprocess.run([client, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker client with compose here")
    told = subprocess.run(
        ["docker", "compose", "-f", COMPOSE, "config", "--quiet"], capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, told.stderr
