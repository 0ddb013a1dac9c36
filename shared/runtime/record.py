"""A Kafka record as it came: its place and its own bytes, before anybody tries to read them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.events.catalogue import TOPICS, Unreadable, topics_of
from shared.events.cloudevents import from_record
from shared.events.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Record:
    """One record of one partition; nothing in it is trusted or changed."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def id(self) -> str:
        """Where the record stands: topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"


Handle = Callable[[list[Recorded]], Awaitable[list[Exception | None]]]
"""Makes the effect of events durable; answers each in order: None, or why it failed. No two have the same key."""

OnUnreadable = Callable[[Record], Awaitable[None]]
"""Tells a person about a record nobody can act on; returns once that is durable, however often it is asked."""


def event_of(record: Record) -> Recorded:
    """The event in a record; raises what `from_record` raises, and `Unreadable` on a topic that is not its type's.

    A service's events are believed only on the topics that it may write (docs/design.md, Who may do what).
    """
    event = from_record(record.key, record.value, record.headers)
    if record.topic in TOPICS and record.topic not in topics_of(event.event.wire):
        raise Unreadable("topic: is not one of this type's")
    return event
