"""The real servers behave as all other tests rely on: topics as committed, a replica set with change streams."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo.asynchronous.database import AsyncDatabase

from deploy.local.testing import local_kafka
from deploy.topics import FILE, Topic, TopicsDiffer, create, differing, load, provision

TWO_MEGABYTES = 2 * 1024 * 1024
Mongo = AsyncDatabase[dict[str, Any]]


async def test_a_fresh_topic_carries_a_record_of_nearly_two_megabytes(
    kafka: str, topic: Callable[..., Awaitable[str]]
) -> None:
    name = await topic()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, enable_idempotence=True, max_request_size=TWO_MEGABYTES
    ) as producer:
        await producer.send_and_wait(name, bytes(TWO_MEGABYTES - 10_000), key=b"k", partition=11)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", group_id=None)
    async with consumer:
        consumer.assign([TopicPartition(name, 11)])
        record = await consumer.getone()

    assert len(record.value) == TWO_MEGABYTES - 10_000


async def test_the_committed_topics_are_created_and_read_back_the_same(kafka: str) -> None:
    topics = load(FILE.read_text())

    await provision(kafka, topics)
    await provision(kafka, topics)  # a second time changes nothing

    async with _admin(kafka) as admin:
        assert await differing(admin, topics) == []


async def test_a_topic_with_other_settings_is_named_and_left_alone(kafka: str) -> None:
    wanted = Topic("odd.events", "case id", 12, {"retention.ms": "-1", "cleanup.policy": "delete"}, (), {})
    made = Topic("odd.events", "case id", 3, {"retention.ms": "1000", "cleanup.policy": "compact"}, (), {})
    async with _admin(kafka) as admin:
        await create(admin, [made])
        try:
            with pytest.raises(TopicsDiffer) as refused:
                await provision(kafka, {"odd.events": wanted})

            assert "3 partitions, not 12" in str(refused.value)
            assert "retention.ms=1000, not -1" in str(refused.value)
            assert "cleanup.policy=compact, not delete" in str(refused.value)
        finally:
            await admin.delete_topics(["odd.events"])


async def test_a_broker_makes_no_topic_by_itself(kafka: str) -> None:
    async with _admin(kafka) as admin:
        await admin.describe_topics(["never.made"])

        assert "never.made" not in await admin.list_topics()


async def test_a_majority_write_is_seen_by_a_change_stream(database: Mongo) -> None:
    await database.create_collection("commits")
    async with await database["commits"].watch() as changes:
        await database["commits"].insert_one({"_id": "case/1"})
        change = await changes.next()

    assert change["fullDocument"] == {"_id": "case/1"}


async def test_each_test_has_a_database_of_its_own(database: Mongo) -> None:
    assert await database.list_collection_names() == []


class _admin:  # noqa: N801 - reads as a function
    def __init__(self, kafka: str) -> None:
        self.client = AIOKafkaAdminClient(bootstrap_servers=kafka)

    async def __aenter__(self) -> AIOKafkaAdminClient:
        await self.client.start()
        return self.client

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()


@pytest.mark.real
def test_a_cluster_id_that_begins_with_a_dash_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda count: b"\xfb" * count)

    with local_kafka(tmp_path) as bootstrap:
        assert bootstrap
    assert "cluster.id=-" in (tmp_path / "data" / "meta.properties").read_text()
