"""What a consumer promises, on real Kafka and MongoDB: nothing lost or blocked, effects before acknowledgement."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faststream import AckPolicy
from prometheus_client import REGISTRY

from deploy.local.testing import wait_until
from shared.events.recorded import Recorded
from shared.events.refusal import Rejected
from shared.runtime.consumer import Consumer
from shared.runtime.delivery import DeliveryLimits
from shared.runtime.parking import Parking
from shared.runtime.record import Handle
from shared.runtime.redrive import redrive
from shared.testing.running import running
from tests.runtime.messaging.made import Handled, committed, eventually, named, sent, with_header, write, writer
from tests.runtime.messaging.own_kafka import OwnKafka

Make = Callable[..., Consumer]


@pytest.fixture
async def parking(database: Any) -> Parking:
    parking = Parking(database)
    await parking.ensure_indexes()
    return parking


@pytest.fixture
def consumer(kafka: str, parking: Parking) -> Make:
    """Makes a consumer of the service triage; its group is one of the test's own."""
    group = f"triage-{secrets.token_hex(4)}"

    def make(topics: Sequence[str], handle: Handle, **more: Any) -> Consumer:
        return Consumer("triage", more.pop("kafka", kafka), group, topics, handle, parking, **more)

    return make


def test_every_setting_that_loses_blocks_or_doubles_by_default_is_set(consumer: Make):
    membership = consumer(["upstream"], Handled()).wired()
    [subscriber] = cast("list[Any]", membership.broker.subscribers)
    settings = subscriber._connection_args

    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert settings["enable_auto_commit"] is False
    assert settings["auto_offset_reset"] == "earliest"
    assert list(settings["partition_assignment_strategy"]) == [RoundRobinPartitionAssignor]
    assert (settings["session_timeout_ms"], settings["heartbeat_interval_ms"]) == (6_000, 1_000)
    assert settings["max_poll_interval_ms"] >= 3_600_000
    assert subscriber.max_records == 500
    assert subscriber._listener is membership
    assert membership.broker.config.allow_auto_create_topics is False
    assert membership.broker.config.fd_config.use_fastdepends is False


async def test_events_written_before_the_group_existed_are_handled_in_order_and_acknowledged(
    kafka, topic, consumer, parking
):
    name = await topic()
    await write(kafka, name, [sent(f"case {number % 50}", number // 50 + 1) for number in range(1000)])
    handled = Handled()
    reader = consumer([name], handled)
    async with running(reader):
        await eventually(lambda: len(handled.events) == 1000)
        assert all(handled.versions(f"case {number}") == list(range(1, 21)) for number in range(50))
        await eventually(lambda: _is(committed(kafka, reader.group, name), 1000))


async def _is(found: Any, wanted: Any) -> bool:
    return bool(await found == wanted)


def broken(number: int) -> dict[str, Any]:
    """The next of nine ways in which a record can be wrong."""
    whole = sent(f"broken {number}")
    headers = [
        [],
        [*whole.headers[:3], ("ce_id", b"\xff\xfe")],
        with_header(whole.headers, "ce_type", None),
        with_header(whole.headers, "ce_sequence", b"-1"),
        with_header(whole.headers, "ce_type", b"support.case_opened.v9"),
        with_header(whole.headers, "ce_type", b"support.never_heard_of.v1"),
    ]
    values = [None, b"\x00\xff", b'{"joint_plan": [}']
    wrong = number % 9
    value = values[wrong - 6] if wrong >= 6 else whole.value
    return {"value": value, "key": whole.key, "headers": list(headers[wrong] if wrong < 6 else whole.headers)}


async def test_ten_thousand_broken_records_among_good_ones_block_nothing(kafka, topic, consumer, parking):
    name = await topic()
    async with writer(kafka) as producer:
        confirms = []
        for number in range(10_000):
            confirms.append(await producer.send(name, **broken(number), partition=number % 12))
            if number % 10 == 0:
                good = sent(f"good {number % 500}", number // 500 + 1)
                confirms.append(await producer.send(name, good.value, key=good.key, headers=good.headers))
        await asyncio.gather(*confirms)
    handled = Handled()
    reader = consumer([name], handled)
    async with running(reader):
        await eventually(lambda: _is(committed(kafka, reader.group, name), 11_000), within=60)

    assert len(handled.events) == 1000
    assert all(handled.versions(f"good {number}") == list(range(1, 21)) for number in range(0, 500, 10))
    ignored = sum(number % 9 in (4, 5) for number in range(10_000))
    assert await parking.count() == 10_000 - ignored


async def test_a_poison_record_holds_its_key_back_and_redrive_keeps_the_order(kafka, topic, consumer, parking):
    name = await topic()
    poisoned = [True]
    handled = Handled(
        lambda event: Rejected("no") if poisoned[0] and (event.version, event.event.case) == (2, named("her")) else None
    )
    await write(kafka, name, [sent("her", version) for version in (1, 2, 3, 4)] + [sent("other", 1)])
    async with running(consumer([name], handled)):
        await eventually(lambda: _is(parking.count(), 3))
        await write(kafka, name, [sent("her", 5), sent("other", 2)])
        await eventually(lambda: _is(parking.count(), 4))
        await eventually(lambda: handled.versions("other") == [1, 2])
        assert handled.versions("her") == [1]

        poisoned[0] = False
        done = await redrive(parking, str(named("her")), {name: handled})
        assert (done.handled, done.waiting) == (4, 0)
        await write(kafka, name, [sent("her", 6)])
        await eventually(lambda: handled.versions("her") == [1, 2, 3, 4, 5, 6])


class OnceOnly:
    """Keeps each event's effect once, as the executor does by its cause, and can stop a process after the effect."""

    def __init__(self) -> None:
        self.effects: dict[Any, int] = {}
        self.seen = 0
        self.hang = True

    async def __call__(self, events: list[Recorded]) -> list[Exception | None]:
        for event in events:
            self.seen += 1
            self.effects[event.event_id] = 1
        if self.hang:
            await asyncio.Event().wait()
        return [None] * len(events)


async def test_a_consumer_that_dies_between_effect_and_acknowledgement_handles_again_with_one_effect(
    kafka, topic, consumer
):
    name = await topic()
    await write(kafka, name, [sent("her", version) for version in (1, 2)])
    handle = OnceOnly()
    reader = consumer([name], handle)
    dying = asyncio.create_task(reader.run())
    await eventually(lambda: handle.seen)
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying
    assert await committed(kafka, reader.group, name) == 0

    handle.hang = False
    async with running(consumer([name], handle)):
        await eventually(lambda: _is(committed(kafka, reader.group, name), 2))
    assert handle.seen >= 3
    assert len(handle.effects) == 2


async def test_a_partition_waits_while_the_database_is_away_and_the_others_lose_nothing(kafka, topic, consumer):
    name = await topic()
    away = [True]
    handled = Handled(lambda event: ConnectionError() if away[0] else None)
    await write(kafka, name, [sent(f"case {number}") for number in range(30)])
    reader = consumer([name], handled)
    async with running(reader):
        await eventually(lambda: len(handled.batches) >= 4)
        assert (handled.events, await committed(kafka, reader.group, name)) == ([], 0)
        away[0] = False
        await eventually(lambda: len(handled.events) == 30)


async def test_a_second_instance_joins_and_leaves_and_every_event_is_handled_in_order(kafka, topic, consumer):
    name = await topic()
    one, two = Handled(), Handled()
    cases = [f"case {number}" for number in range(40)]
    await write(kafka, name, [sent(case, 1) for case in cases])
    async with running(consumer([name], one)):
        await eventually(lambda: len(one.events) == 40)
        async with running(consumer([name], two)):
            await write(kafka, name, [sent(case, 2) for case in cases])
            await eventually(lambda: len(one.events) + len(two.events) >= 80)
            version = 2

            async def both_work() -> bool:
                nonlocal version
                version += 1
                await write(kafka, name, [sent(case, version) for case in cases])
                return bool(two.events)

            await eventually(both_work)
        await write(kafka, name, [sent(case, version + 1) for case in cases])
        await eventually(lambda: all(one.versions(case)[-1] == version + 1 for case in cases))
    for case in cases:
        assert sorted({*one.versions(case), *two.versions(case)}) == list(range(1, version + 2))
        assert one.versions(case) == sorted(one.versions(case))


async def test_a_consumer_whose_parking_fails_stops_and_has_acknowledged_nothing(kafka, topic, consumer, parking):
    name = await topic()
    await write(kafka, name, [sent("her")])

    class Refusing(Parking):
        async def park(self, records: Any) -> None:
            raise ZeroDivisionError

    reader = Consumer(
        "triage", kafka, f"g-{name}", [name], Handled(lambda event: Rejected("no")), Refusing(_db(parking))
    )
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(reader.run(), 20)
    assert await committed(kafka, f"g-{name}", name) == 0

    handled = Handled()
    async with running(Consumer("triage", kafka, f"g-{name}", [name], handled, parking)):
        await eventually(lambda: handled.versions("her") == [1])


def _db(parking: Parking) -> Any:
    return parking._parked.database


async def test_a_consumer_in_which_too_much_fails_stays_stopped(kafka, topic, consumer, parking):
    name = await topic()
    handled = Handled(lambda event: Rejected("no"))
    reader = consumer([name], handled, limits=DeliveryLimits(failures=5))
    await write(kafka, name, [sent(f"case {number}") for number in range(6)])
    async with running(reader):
        await eventually(lambda: REGISTRY.get_sample_value("beside_consumer_stopped", {"group": reader.group}) == 1)
        assert await parking.count() == 6
        await write(kafka, name, [sent("late")])
        assert await committed(kafka, reader.group, name) == 0
        assert sum(handled.batches) == 6


async def test_kafka_absent_from_the_start_then_stopped_and_returned_is_drained(tmp_path: Path, parking):
    own = OwnKafka(tmp_path)
    handled = Handled()
    reader = Consumer("triage", own.bootstrap, "triage", ["upstream"], handled, parking)
    async with running(reader):
        with own:
            await own.create("upstream")
            await write(own.bootstrap, "upstream", [sent("her", 1)])
            await eventually(lambda: handled.versions("her") == [1], within=40)
            own.stop()
            await asyncio.to_thread(wait_until, lambda: not own.runs, within_s=20, what="Kafka stopped")
            await asyncio.to_thread(own.start)
            await write(own.bootstrap, "upstream", [sent("her", 2)])
            await eventually(lambda: handled.versions("her")[-1] == 2, within=40)
