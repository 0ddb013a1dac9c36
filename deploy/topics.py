"""Reads deploy/topics.yaml, creates the topics a broker lacks, and reads their settings back from it."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

FILE = Path(__file__).with_suffix(".yaml")
REPLICAS = 3
_RETRY_S = 0.1
_ALREADY_EXISTS = 36  # Kafka's error code TOPIC_ALREADY_EXISTS


class TopicsDiffer(Exception):
    """The broker's topics are not those of the file; the message names each difference."""


@dataclass(frozen=True)
class Topic:
    """One topic: settings by Kafka's own names, producers by service, consumers as group -> service."""

    name: str
    key: str
    partitions: int
    settings: Mapping[str, str]
    producers: tuple[str, ...]
    consumers: Mapping[str, str]


def load(text: str) -> dict[str, Topic]:
    """The topics by name; raises `KeyError` or `TypeError` for a file that lacks a part."""
    read = yaml.safe_load(text)
    common = dict(read["settings"])
    partitions = int(common.pop("partitions"))
    settings = {name: str(value) for name, value in common.items()}
    return {
        name: Topic(name, topic["key"], partitions, settings, tuple(topic["producers"]), dict(topic["consumers"]))
        for name, topic in read["topics"].items()
    }


async def provision(bootstrap: str, topics: Mapping[str, Topic], *, within_s: float = 30.0) -> None:
    """Create missing topics, then compare partitions and settings with the broker's.

    A broker that is still starting is asked again until `within_s` is over, then its `KafkaError` is raised.
    Raises `TopicsDiffer` rather than change a topic that holds events.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await _provision_once(bootstrap, topics)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_RETRY_S)


async def _provision_once(bootstrap: str, topics: Mapping[str, Topic]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        missing = topics.keys() - set(await admin.list_topics())
        await create(admin, [topics[name] for name in sorted(missing)])
        differences = await differing(admin, topics)
    finally:
        await admin.close()
    if differences:
        raise TopicsDiffer("; ".join(differences))


async def create(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    """Create topics, three copies of each or as many as there are brokers; raises `KafkaError` when refused."""
    if not topics:
        return
    copies = min(REPLICAS, len((await admin.describe_cluster())["brokers"]))
    new = [NewTopic(topic.name, topic.partitions, copies, topic_configs=dict(topic.settings)) for topic in topics]
    answer = await admin.create_topics(new)
    for name, code, *rest in answer.topic_errors:
        if code not in (0, _ALREADY_EXISTS):
            raise KafkaError(f"{name} was not created: error {code} {rest}")
    while await _unled(admin, topics):  # created is not yet usable: the broker learns of it a moment later
        await asyncio.sleep(_RETRY_S / 5)


async def _unled(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[str]:
    described = await admin.describe_topics([topic.name for topic in topics])
    return [
        one["topic"] for one in described if not one["partitions"] or any(p["leader"] < 0 for p in one["partitions"])
    ]


async def differing(admin: AIOKafkaAdminClient, topics: Mapping[str, Topic]) -> list[str]:
    """One line per partition count or setting that the broker reports otherwise; empty when all agree."""
    described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(list(topics))}
    actual = await _settings(admin, list(topics))
    lines = []
    for name, topic in topics.items():
        if described.get(name) != topic.partitions:
            lines.append(f"{name} has {described.get(name)} partitions, not {topic.partitions}")
        lines += [
            f"{name} has {setting}={actual[name].get(setting)}, not {value}"
            for setting, value in topic.settings.items()
            if actual[name].get(setting) != value
        ]
    return lines


async def _settings(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources):
        for _error, _message, _type, name, entries in answer.resources:
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def main(arguments: list[str]) -> int:
    """`python -m deploy.topics <bootstrap>`: provision a broker from the file beside this module."""
    topics: dict[str, Any] = load(FILE.read_text())
    asyncio.run(provision(arguments[0], topics, within_s=120))
    print(f"{len(topics)} topics are as {FILE.name} says")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
