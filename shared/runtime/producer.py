"""The one producer: all replicas, idempotent, and never trusted after a failure, because it may have lost its count."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

SETTINGS: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 1,
    "max_batch_size": 256 * 1024,
    "max_request_size": 2 * 1024 * 1024,
}
"""Linger and batch size as measured; 2 MiB is what the topics accept."""
START_WITHIN = CONFIRM_WITHIN = 20.0
STOP_WITHIN = 2.0
"""Seconds. aiokafka waits for ever for a broker that is away, in a confirm as in a stop (aiokafka #1101)."""

FAILURES = (KafkaError, OSError, TimeoutError)
"""What sending may raise. The producer is then thrown away: after a lost batch it cannot go on (aiokafka #1017)."""


class Sent(Protocol):
    """One record for each of `topics`."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Where it goes."""
        ...

    @property
    def key(self) -> bytes:
        """Decides the partition."""
        ...

    @property
    def value(self) -> bytes:
        """The content."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """By name."""
        ...


class Producer:
    """An open producer: `async with Producer(servers) as producer`. Raises one of `FAILURES` when Kafka is away."""

    def __init__(self, servers: str) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=servers, **SETTINGS)

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(START_WITHIN):
                await self._producer.start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def send(self, records: Iterable[Sent]) -> int:
        """Send records in order; return how many were confirmed. Raises one of `FAILURES`."""
        confirms: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(CONFIRM_WITHIN):
                for topic, one in ((topic, record) for record in records for topic in record.topics):
                    confirm = await self._producer.send(topic, one.value, key=one.key, headers=list(one.headers))
                    confirms.append(confirm)  # at once: a failure half-way must find all that were sent
                await asyncio.gather(*confirms)
        finally:
            for confirm in confirms:
                confirm.add_done_callback(_seen)
        return len(confirms)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self._producer.stop()
        except FAILURES:
            await self._abandon()

    async def _abandon(self) -> None:
        """End a producer that cannot flush: its own `stop` would leave the sending task behind."""
        sender = self._producer._sender
        task = sender.sender_task if sender else None
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_WITHIN)
        await self._producer.client.close()


def _seen(confirm: "asyncio.Future[Any]") -> None:
    if not confirm.cancelled():
        confirm.exception()
