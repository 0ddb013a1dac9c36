"""The same two servers from containers, for machines with a Docker engine; nothing here runs where none answers."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import MongoClient
from pymongo.errors import PyMongoError

KAFKA_IMAGE = "confluentinc/cp-kafka:8.1.0"
MONGO_IMAGE = "mongo:8"
_REPLICA_SET = "beside"
_READY_WITHIN_S = 60.0


def engine_answers() -> bool:
    """Whether a Docker engine answers here, asked of the client so that contexts and rootless engines count."""
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@contextmanager
def container_kafka() -> Iterator[str]:
    """A Kafka in KRaft mode; gives its bootstrap address."""
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415 - slow to import, and only needed here

    container = KafkaContainer(image=KAFKA_IMAGE).with_kraft()
    for name, value in {
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_MESSAGE_MAX_BYTES": "2097152",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }.items():
        container.with_env(name, value)
    with container:
        yield container.get_bootstrap_server()


@contextmanager
def container_mongo() -> Iterator[str]:
    """A mongod as a replica set of one; gives a URL that talks to it directly."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above

    container = DockerContainer(MONGO_IMAGE).with_command(f"--replSet {_REPLICA_SET}").with_exposed_ports(27017)
    with container:
        host = f"{container.get_container_host_ip()}:{container.get_exposed_port(27017)}"
        url = f"mongodb://{host}/?directConnection=true"
        _become_primary(url)
        yield url


def _become_primary(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=1000) as client:
        while time.monotonic() < deadline:
            try:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
                client.admin.command("replSetInitiate")
            except PyMongoError:
                time.sleep(0.2)
    raise TimeoutError("the mongod in its container did not become primary")
