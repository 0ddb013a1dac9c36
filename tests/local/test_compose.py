"""docker-compose.yml describes the stack that deploy/local runs, as far as that can be seen without an engine."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.keycloak.__main__ import make
from deploy.local.kafka_server import HEAP, PROPERTIES
from deploy.local.keycloak_program import DATABASE, LOCK, UNUSED
from deploy.local.keycloak_server import HEAP as KEYCLOAK_HEAP
from deploy.local.keycloak_server import options_at
from deploy.local.mongo_server import CACHE_GB, OPLOG_HOURS, REPLICA_SET
from deploy.local.places import CHECKOUT, SERVICES
from deploy.local.ports import USUAL
from deploy.local.services import Addresses, settings_of

COMPOSE = CHECKOUT / "docker-compose.yml"
CADDYFILE = CHECKOUT / "deploy" / "front_door" / "Caddyfile"
DOCKERFILE = CHECKOUT / "deploy" / "docker" / "Dockerfile"
JOBS = {"keys", "topics"}
"""What ends when it is done."""
# Where the image keeps its data is its own affair; everything else about Kafka must be equal.
DATA_FOLDER = "log.dirs"


@pytest.fixture
def services() -> dict[str, Any]:
    """The containers by name, anchors resolved."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def usual_settings(service: str, folder: Path) -> Mapping[str, str]:
    """The environment that the local stack gives a service at the usual ports."""
    mongo = f"mongodb://127.0.0.1:{USUAL['mongo']}/?replicaSet={REPLICA_SET}"
    return settings_of(service, Addresses(ports=USUAL, mongo=mongo), folder)


def mounts(container: Mapping[str, Any]) -> dict[str, str]:
    """Where each volume of a container is, read-only or not."""
    return {volume: place for volume, place, *_ in (one.split(":") for one in container["volumes"])}


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_gets_the_settings_of_the_local_stack(
    service: str, services: dict[str, Any], tmp_path: Path
) -> None:
    expected = dict(usual_settings(service, tmp_path))
    places = {
        "KEY_FILE": f"/keys/{service}.key",
        "SIGNING_KEYS": "/keys/signing",
        "TRUSTED_KEYS": "/trusted",
        "AUDIT_HEADS": "/audit-heads",
        "WEB_CLIENT_KEY": "/keys/web-client.pem",
    }
    expected |= {f"{service.upper()}_{name}": place for name, place in places.items()}
    door = services["front-door"]["environment"]["FRONT_DOOR"]
    expected[f"{service.upper()}_PUBLIC_URL"] = f"{door}/{service}"
    expected[f"{service.upper()}_SERVICE_URLS"] = json.dumps({one: f"{door}/{one}" for one in SERVICES})
    if service == "safeguarding":
        expected["SAFEGUARDING_WEBHOOK_SECRET"] = ""  # made inside, by the entry point

    assert services[service]["environment"] == {"SERVICE": service, **expected}


def test_no_other_containers_than_the_local_stack_has(services: dict[str, Any]) -> None:
    assert set(services) == {*SERVICES, "mongo", "kafka", "keycloak", "mail", "front-door", *JOBS}


def test_the_front_door_leads_to_where_each_service_listens(services: dict[str, Any]) -> None:
    told, at = services["front-door"]["environment"], {name: services[name]["environment"] for name in SERVICES}

    for name in SERVICES:
        prefix = name.upper()
        assert told[prefix] == f"{at[name][f'{prefix}_HOST']}:{at[name][f'{prefix}_PORT']}"
    named = set(re.findall(r"\{\$(\w+)", CADDYFILE.read_text()))
    assert told.keys() <= named
    assert named - told.keys() == {"FRONT_DOOR_TLS", "KEEP_BODY", "MORE_DOORS"}, "these have a default"
    assert told["FRONT_DOOR_BIND"] == "127.0.0.1"


def test_keycloak_has_the_settings_and_the_version_of_the_local_stack(services: dict[str, Any]) -> None:
    (packed,) = LOCK.read_text().split()[1:]
    environment = services["keycloak"]["environment"]

    assert services["keycloak"]["image"].endswith(
        packed.removeprefix("keycloak-quarkus-dist").replace("-", ":", 1)[:-4]
    )
    assert environment.pop("JAVA_OPTS_KC_HEAP") == " ".join(KEYCLOAK_HEAP)
    assert environment.pop("KC_DB") == DATABASE
    assert environment.pop("KC_FEATURES_DISABLED") == UNUSED
    assert environment.pop("KC_TRUSTSTORE_PATHS").startswith(f"{mounts(services['keycloak'])['front-door']}/")
    assert environment == options_at(USUAL["keycloak"])


def test_the_job_makes_what_the_services_and_keycloak_look_for(services: dict[str, Any], tmp_path: Path) -> None:
    job = services["keys"]
    volumes = {place: tmp_path / volume for volume, place in mounts(job).items()}
    urls = dict(one.split("=") for one in job["command"][3:])
    keys = tmp_path / "keys"
    keys.mkdir()
    for service in SERVICES:
        (keys / service).symlink_to(volumes[f"/keys/{service}"])
        volumes[f"/keys/{service}"].mkdir()
    shared = {name: volumes[f"/{name.replace('_', '-')}"] for name in ("trusted", "realm", "sign_ins")}
    make(urls, keys=keys, **shared, month="2026-11")

    assert job["command"][:3] == ["python", "-m", "deploy.keycloak"]
    for service in SERVICES:
        at, own = services[service]["environment"], tmp_path / f"{service}-keys"
        assert urls[service] == at[f"{service.upper()}_PUBLIC_URL"]
        assert mounts(services[service])[f"{service}-keys"] == "/keys"
        assert mounts(services[service])["trusted"] == "/trusted"
        assert sorted(str(file.relative_to(own)) for file in own.rglob("*.pem")) == [
            "signing/2026-11.pem",
            "signing/reading/2026-11.pem",
            "web-client.pem",
        ]
        assert (tmp_path / "trusted" / f"{service}.jwks.json").is_file()
    assert mounts(services["keycloak"])["realm"] == "/opt/keycloak/data/import"
    assert {file.name for file in (tmp_path / "realm").iterdir()} == {"beside-realm.json", "administrator"}
    assert "/opt/keycloak/data/import/administrator" in services["keycloak"]["command"][0]
    for volume in (*(f"{service}-keys" for service in SERVICES), "sign-ins"):
        assert [file for file in (tmp_path / volume).rglob("*") if file.is_file() and file.stat().st_mode & 0o077] == []


def test_the_job_keeps_what_it_made(tmp_path: Path) -> None:
    urls = {"triage": "http://127.0.0.1:18102"}
    folders = {name: tmp_path / name for name in ("keys", "trusted", "realm", "sign_ins")}
    kept = lambda: {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}  # noqa: E731
    make(urls, **folders, month="2026-11")
    first = kept()
    make(urls, **folders, month="2026-11")

    assert kept() == first

    make(urls, **folders, month="2026-12")
    assert {file.name for file in kept().keys() - first.keys()} == {"2026-12.pem"}


def test_nobody_waits_for_keycloak_and_all_for_the_keys(services: dict[str, Any]) -> None:
    for name in (*SERVICES, "keycloak"):
        assert services[name]["depends_on"]["keys"] == {"condition": "service_completed_successfully"}, name
    assert [name for name, one in services.items() if "keycloak" in one.get("depends_on", {})] == []


def test_no_secret_stands_in_the_file() -> None:
    text = COMPOSE.read_text()

    assert "PASSWORD:" not in text
    assert "BEGIN" not in text


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
        if name not in JOBS:
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


def test_the_image_builds_the_pages_assets_from_the_lock_without_what_only_tests_need() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    (packages,) = [line for line in lines if "npm " in line]
    copied = [line.split()[1:] for line in lines if line.startswith("COPY --from=")]

    assert packages == "RUN npm ci --omit=dev"
    assert copied == [["--from=assets", "/web/built", "./shared/web/built"]]
    assert "shared/web/built*" in (CHECKOUT / ".dockerignore").read_text().splitlines()


def test_everything_the_image_copies_is_here() -> None:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line.startswith("COPY ") and "--from=" not in line]
    copied = [line.split()[1:-1] for line in lines]
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
