"""One Kafka in KRaft mode, broker and controller in one process, with its data in one folder."""

import asyncio
import secrets
import subprocess
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

from deploy.local import jars
from deploy.local.places import HERE, TOPICS_FILE
from deploy.local.ports import is_open
from deploy.local.surroundings import inherited
from deploy.local.unit import Unit
from deploy.topics import load, provision

HEAP = "-Xmx512m"
RECORD_BYTES = 2 * 1024 * 1024  # the largest Kafka record of the design
# One node: every internal topic has one replica. Short sessions let a killed node back in after 3 s instead of 9.
# Small pools and a small cleaner buffer: this broker shares a laptop with everything else.
PROPERTIES = f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{{controller}}
listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}}
advertised.listeners=PLAINTEXT://127.0.0.1:{{port}}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={{data}}
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
message.max.bytes={RECORD_BYTES}
replica.fetch.max.bytes={RECORD_BYTES}
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
"""


def kafka_unit(*, port: int, controller: int, folder: Path, topics: bool = True) -> Unit:
    """Kafka on `port`, its data under `folder`; with `topics` the event topics are created once it is up."""
    properties = folder / "server.properties"
    settle = partial(create_topics, f"127.0.0.1:{port}")
    return Unit(
        name="kafka",
        command=(*_java(folder), "kafka.Kafka", str(properties)),
        prepare=partial(_prepare, properties, port, controller, folder / "data"),
        ready=partial(is_open, port),
        settle=settle if topics else _no_topics,
    )


def create_topics(bootstrap: str) -> None:
    """Create the event topics of deploy/topics.yaml that are missing and read every topic's settings back."""
    asyncio.run(provision(bootstrap, load(TOPICS_FILE.read_text())))


def _no_topics() -> None:
    """Tests make their own."""


def _java(folder: Path) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'kafka' / 'log4j2.properties'}"
    return ("java", HEAP, "-XX:+UseSerialGC", f"-Djava.io.tmpdir={folder}", logging, "-cp", f"{jars.FOLDER}/*")


def _prepare(properties: Path, port: int, controller: int, data: Path) -> None:
    properties.parent.mkdir(parents=True, exist_ok=True)
    properties.write_text(PROPERTIES.format(port=port, controller=controller, data=data))
    if (data / "meta.properties").exists():
        return
    cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    tool = [*_java(properties.parent), "kafka.tools.StorageTool"]
    # In one word: one id in 64 begins with a dash, and would be read as an option by itself.
    subprocess.run(
        [*tool, "format", f"--cluster-id={cluster}", "-c", properties], env=inherited(), check=True, capture_output=True
    )
