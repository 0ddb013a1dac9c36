"""deploy/topics.yaml, the event catalogue and the services' subscribers name the same topics, writers and readers.

One topic is no event's: the audit's heads, which no service reads.
"""

from collections import defaultdict

import pytest

from deploy.topics import FILE, Topic, load
from shared.access.audit.publishing import TOPIC as HEADS_TOPIC
from shared.events.catalogue import CATALOGUE, SERVICES, SIGNALS_TOPIC, topics_of

TOPICS = load(FILE.read_text())
EVENT_TOPICS = {name: topic for name, topic in TOPICS.items() if name != HEADS_TOPIC}
FOR_EVER = "-1"


def written_by_catalogue() -> dict[str, set[str]]:
    """topic -> the services whose events are relayed to it."""
    writers: dict[str, set[str]] = defaultdict(set)
    for wire in CATALOGUE:
        for topic in topics_of(wire):
            writers[topic].add(wire.split(".")[0])
    return dict(writers)


def test_the_file_names_the_catalogues_topics_and_their_writers() -> None:
    assert {name: set(topic.producers) for name, topic in EVENT_TOPICS.items()} == written_by_catalogue()


def test_heads_are_written_by_every_service_and_read_by_none() -> None:
    assert set(TOPICS[HEADS_TOPIC].producers) == set(SERVICES)
    assert TOPICS[HEADS_TOPIC].consumers == {}


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_each_topic_keeps_its_records_for_ever_in_twelve_partitions(topic: Topic) -> None:
    assert topic.partitions == 12
    assert topic.settings["retention.ms"] == FOR_EVER
    assert topic.settings["cleanup.policy"] == "delete"
    assert int(topic.settings["max.message.bytes"]) == 2 * 1024 * 1024
    assert topic.key


def test_every_event_topic_is_read_by_a_service_there_is() -> None:
    for topic in EVENT_TOPICS.values():
        assert topic.consumers
        assert set(topic.consumers.values()) <= set(SERVICES)


def test_signals_have_a_consumer_group_of_their_own() -> None:
    assert TOPICS[SIGNALS_TOPIC].consumers == {"safeguarding-signals": "safeguarding"}
    groups = [group for name, topic in EVENT_TOPICS.items() if name != SIGNALS_TOPIC for group in topic.consumers]
    assert "safeguarding-signals" not in groups


def test_a_topic_without_its_key_is_refused() -> None:
    with pytest.raises(KeyError, match="key"):
        load("{version: 1, settings: {partitions: 12}, topics: {x.events: {producers: [], consumers: {}}}}")
