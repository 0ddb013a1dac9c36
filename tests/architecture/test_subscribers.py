"""Every subscriber loses nothing, by the settings that FastStream and aiokafka got; topics and groups as committed."""

import ast
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from deploy.local.places import SERVICES
from deploy.topics import FILE, load
from shared.access.audit.publishing import TOPIC as HEADS_TOPIC
from tests.architecture.sources import CHECKOUT, python_files

pytestmark = pytest.mark.slow

# Acknowledging before the effect loses a message on a crash, `latest` loses what came before a group's first start,
# a second assignor doubles the time of joining, and a topic made by subscribing has one partition.
LOSES_NOTHING = {
    "acknowledges": "MANUAL",
    "commits_by_itself": False,
    "begins": "earliest",
    "assignor": "RoundRobinPartitionAssignor",
    "batch": True,
    "makes_topics": False,
    "session_ms": 6_000,
    "heartbeat_ms": 1_000,
}
# The restore guard reads the last records of the service's own topic, without a group and without handling them.
READERS = {"shared/runtime/consumer.py", "shared/runtime/restore_guard.py"}
IN_SERVICES = ("services", "shared")


@pytest.fixture(scope="module")
def subscriptions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What each service subscribes to."""
    keys = tmp_path_factory.mktemp("keys")
    command = [sys.executable, "-m", "tests.architecture.subscribers", str(keys)]
    told = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-500:]
    found: dict[str, list[dict[str, Any]]] = json.loads(told.stdout)
    return found


def faults(subscriber: dict[str, Any]) -> list[str]:
    """The settings by which this subscriber could lose something."""
    return [name for name, safe in LOSES_NOTHING.items() if subscriber[name] != safe]


@pytest.mark.parametrize(
    ("name", "value"),
    [("acknowledges", "ACK_FIRST"), ("commits_by_itself", True), ("begins", "latest"), ("makes_topics", True)],
)
def test_a_planted_loss_is_found(name: str, value: object) -> None:
    assert faults({**LOSES_NOTHING, name: value}) == [name]


@pytest.mark.parametrize("service", SERVICES)
def test_every_subscriber_loses_nothing(service: str, subscriptions: dict[str, list[dict[str, Any]]]) -> None:
    assert subscriptions[service]
    for subscriber in subscriptions[service]:
        assert faults(subscriber) == [], subscriber["group"]


def test_the_services_read_what_the_topics_file_says(subscriptions: dict[str, list[dict[str, Any]]]) -> None:
    read: dict[str, dict[str, str]] = defaultdict(dict)
    for service, subscribers in subscriptions.items():
        for subscriber in subscribers:
            for topic in subscriber["topics"]:
                read[topic][subscriber["group"]] = service

    declared = {name: dict(topic.consumers) for name, topic in load(FILE.read_text()).items()}
    assert declared.pop(HEADS_TOPIC) == {}, "no service reads the audit's heads"
    assert read == declared


def subscribing(root: Path) -> list[str]:
    """Every place that makes a subscriber or a consumer client."""
    return [
        f"{source.name}:{node.lineno}"
        for source in python_files(root, IN_SERVICES)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and _subscribes(node)
    ]


def _subscribes(call: ast.Call) -> bool:
    name = (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )
    return name in {"subscriber", "AIOKafkaConsumer"}


def test_one_file_subscribes() -> None:
    assert {place.rpartition(":")[0] for place in subscribing(CHECKOUT)} == READERS


@pytest.mark.parametrize("line", ["broker.subscriber('x')", "AIOKafkaConsumer('x')"])
def test_a_planted_subscriber_is_found(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "services" / "triage" / "adapters" / "kafka.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"@{line}\nasync def hear(): ...\n")

    assert subscribing(tmp_path) == ["services/triage/adapters/kafka.py:1"]
