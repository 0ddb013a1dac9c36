"""A Kafka record as it came: its place and its own bytes, before anybody tries to read them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
