"""The only file that makes a broker. Acknowledging follows the durable effect: nothing is lost, no record blocks."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, ConsumerRecord
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.runtime.acknowledging import Acknowledging
from shared.runtime.delivery import Delivery, DeliveryLimits, TooManyParked
from shared.runtime.ending import end
from shared.runtime.gauges import STOPPED
from shared.runtime.parking import Parking
from shared.runtime.polling import Polling
from shared.runtime.record import Handle, OnUnreadable, Record
from shared.runtime.transient import pause

log = structlog.get_logger()

POLL_MS = 1_000
"""How long a poll waits for the first record; one that comes ends the wait at once."""
SETTINGS: dict[str, Any] = {
    "batch": True,
    "max_records": 500,
    "batch_timeout_ms": POLL_MS,
    "auto_offset_reset": "earliest",
    "ack_policy": AckPolicy.MANUAL,
    "partition_assignment_strategy": (RoundRobinPartitionAssignor,),
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_000,
    "rebalance_timeout_ms": 15_000,
    "max_poll_interval_ms": 24 * 3_600_000,
    "max_partition_fetch_bytes": 4 * 1024 * 1024,
    "no_reply": True,
}
"""Every subscriber's, read back by an architecture test. A day between polls: while the database is away the handler
waits, and the partition with it."""
LEAVE_WITHIN = 3.0
STOP_WITHIN = 8.0
LONGEST_PAUSE = 5.0
REMIND_EVERY = 60.0
"""Seconds. A batch in hand gets `LEAVE_WITHIN` to finish when its partitions go to another instance."""

AWAY = (KafkaError, OSError, TimeoutError)
_driver = logging.getLogger("beside.kafka")


class Consumer:
    """A Part: reads topics as one group and hands events to `handle` (see `record.Handle`).

    Waits for Kafka as long as it is away. When parking fails `run` raises, nothing acknowledged; when too much is
    parked it stays stopped until the process is started again. `hears`: the types
    that mean something to `handle` (None: all). `rest` is for readers nobody waits for: so many seconds after each
    batch, so that a few large ones take the place of many small ones.
    """

    def __init__(  # noqa: PLR0913 - each is a separate decision of the composition root
        self,
        service: str,
        kafka_servers: str,
        group: str,
        topics: Sequence[str],
        handle: Handle,
        parking: Parking,
        *,
        on_unreadable: OnUnreadable | None = None,
        limits: DeliveryLimits | None = None,
        hears: frozenset[str] | None = None,
        rest: float = 0.0,
    ) -> None:
        self.name = f"consumer-{group}"
        self.group = group
        self.topics = tuple(topics)
        self.handle = handle
        self._servers = kafka_servers
        self._rest = rest
        self._delivery = Delivery(
            service=service,
            group=group,
            handle=handle,
            parking=parking,
            on_unreadable=on_unreadable,
            limits=limits,
            hears=hears,
        )

    def wired(self) -> "Membership":
        """A broker with its one subscriber, not started; tests read the settings from it."""
        return Membership(self._servers, self.group, self.topics, self._delivery, rest=self._rest)

    async def run(self) -> None:
        """Consume until cancelled. Raises what parking raised."""
        attempt = 0
        STOPPED.labels(self.group).set(0)
        while True:
            membership = self.wired()
            try:
                await membership.consume()
            except TooManyParked as many:
                await self._stay_stopped(many)
            except AWAY as away:
                attempt = 0 if membership.joined else attempt + 1
                log.warning("consumer.waiting", attempt=attempt, error_code=type(away).__name__, outcome="waiting")
            await asyncio.sleep(pause(attempt, longest=LONGEST_PAUSE))

    async def _stay_stopped(self, many: TooManyParked) -> None:
        STOPPED.labels(self.group).set(1)
        while True:
            log.error("consumer.stopped", error_code=type(many).__name__, outcome="stopped")
            await asyncio.sleep(REMIND_EVERY)


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """One stay in the group, from joining until it is cancelled or something fails; never used twice."""

    def __init__(
        self, servers: str, group: str, topics: Sequence[str], delivery: Delivery, *, rest: float = 0.0
    ) -> None:
        self.joined = False
        self.broker = KafkaBroker(
            servers,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=0.1,
            logger=_driver,
            log_level=logging.DEBUG,
        )
        self.subscriber = self.broker.subscriber(
            *topics, group_id=group, listener=self, parser=_parse, decoder=_decode, **SETTINGS
        )
        self.subscriber(self._receive)
        # FastStream's own poll sleeps after every empty one, as long as the poll: late for what comes then, never idle.
        self._polling = Polling(wait_ms=POLL_MS, most=SETTINGS["max_records"])
        self.subscriber.get_msg = self._polling
        self._acknowledging = Acknowledging(group, lambda: self.subscriber.consumer)
        self._delivery = delivery
        self._rest = rest
        self._work: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[Exception] | None = None

    async def consume(self) -> None:
        """Join and consume. Raises what ended it; what was in hand then is not acknowledged and comes again."""
        self._failed = asyncio.get_running_loop().create_future()
        acknowledging = asyncio.create_task(self._acknowledging.run(), name="acknowledging")
        try:
            await self.broker.start()
            self.joined = True
            ends: list[asyncio.Future[Any]] = [self._failed, acknowledging]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if acknowledging.done():
                acknowledging.result()
            raise await self._failed
        finally:
            await end([acknowledging])
            await self._leave()
            await _within(STOP_WITHIN, self.broker.stop())

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Another instance gets the partitions: nothing of them may still be in hand then."""
        await self._leave()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Reading begins at the committed offsets, or at the beginning."""
        self._delivery.look_again()
        self._polling.assigned()

    async def _receive(self, records: list[Record]) -> None:
        """The handler: returns when the batch is acknowledged or given back, never raises, never skips."""
        self._work = asyncio.create_task(self._deliver(records))
        try:
            await asyncio.wait([self._work])
        except asyncio.CancelledError:
            self._work.cancel()
            raise
        failure = None if self._work.cancelled() else self._work.exception()
        if failure is not None and self._failed is not None:
            if not self._failed.done():
                self._failed.set_result(failure if isinstance(failure, Exception) else RuntimeError("stopped"))
            await asyncio.Event().wait()  # the next batch must not be acknowledged past this one; `consume` ends it
        await asyncio.sleep(self._rest)

    async def _deliver(self, records: list[Record]) -> None:
        await self._delivery.deliver(records)
        self._acknowledging.handled(records)

    async def _leave(self) -> None:
        """Let the batch in hand finish for a moment, give it back if it does not, and acknowledge what is done."""
        work = self._work
        if work is not None and not work.done():
            await asyncio.wait([work], timeout=LEAVE_WITHIN)
            if not work.done():
                await end([work])
        await _within(LEAVE_WITHIN, self._acknowledging.now())


async def _parse(batch: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    """Total: FastStream's own parser raises on headers that are no text, and skips the batch (FastStream #2458)."""
    return KafkaMessage(body=b"", raw_message=batch, headers={}, batch_headers=[], consumer=_NO_ACKNOWLEDGEMENT)


async def _decode(message: KafkaMessage) -> list[Record]:
    raw = message.raw_message
    assert isinstance(raw, tuple)
    return [
        Record(one.topic, one.partition, one.offset, one.key, one.value, tuple((name, v) for name, v in one.headers))
        for one in raw
    ]


class _NoAcknowledgement:
    """FastStream may acknowledge nothing: its commit would name no offsets."""

    async def commit(self) -> None:
        raise NotImplementedError

    def seek(self, partition: Any, offset: int) -> None:
        raise NotImplementedError


_NO_ACKNOWLEDGEMENT = _NoAcknowledgement()


async def _within(seconds: float, stopping: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping
    except AWAY as failure:
        log.warning("consumer.left", error_code=type(failure).__name__, outcome="not in time")
