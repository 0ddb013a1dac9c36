"""Between Kafka and the handler: what is broken parks, what passes is waited out, and no key is overtaken. # S3"""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from shared.events.recorded import Recorded
from shared.events.refusal import Rejected
from shared.runtime.delivery import Delivery, DeliveryLimits, TooManyParked
from shared.runtime.errors import Overloaded, Unavailable
from shared.runtime.parking import Parking
from shared.runtime.record import Record
from shared.runtime.redrive import USAGE, parked_command, redrive
from tests.runtime.messaging.made import Handled, named, record, sent, with_header


@pytest.fixture
async def parking(database: Any) -> Parking:
    parking = Parking(database)
    await parking.ensure_indexes()
    return parking


def delivery(parking: Parking, handle: Any, **more: Any) -> Delivery:
    return Delivery(service="triage", group="triage", handle=handle, parking=parking, **more)


def rejecting(case: str) -> Any:
    """Fails every event of one case."""
    return lambda event: Rejected("triage.no") if event.event.case == named(case) else None


BROKEN: dict[str, Callable[[Record], dict[str, Any]]] = {
    "null_value": lambda whole: {"value": None},
    "no_json": lambda whole: {"value": b"\xff\x00{"},
    "json_but_no_object": lambda whole: {"value": b"[1]"},
    "field_of_the_wrong_type": lambda whole: {"value": b'{"joint_plan": {"a": 1}}'},
    "no_headers": lambda whole: {"headers": ()},
    "null_header": lambda whole: {"headers": with_header(whole.headers, "ce_id", None)},
    "header_that_is_no_text": lambda whole: {"headers": with_header(whole.headers, "ce_time", b"\xff\xfe")},
    "sequence_that_is_no_number": lambda whole: {"headers": with_header(whole.headers, "ce_sequence", b"one")},
    "key_of_another_case": lambda whole: {"key": b"somebody-else"},
    "topic_of_another_service": lambda whole: {"topic": "referral.events"},
    "specversion_of_the_future": lambda whole: {"headers": with_header(whole.headers, "ce_specversion", b"9.9")},
}


@pytest.mark.parametrize("fault", sorted(BROKEN))
async def test_a_broken_record_is_parked_with_its_own_bytes_and_the_good_ones_are_handled(parking, fault):
    whole = record(1)
    broken = record(1, **BROKEN[fault](whole))
    handled = Handled()
    await delivery(parking, handled).deliver([record(0), broken, record(2)])

    assert [event.event.case for event in handled.events] == [named("case 0"), named("case 2")]
    [kept] = await parking.first()
    assert kept.record == broken
    assert kept.reason.startswith("Unreadable: ")


@pytest.mark.parametrize("wire", [b"support.case_opened.v9", b"support.something_new.v1", b"outcomes.new.v2"])
async def test_a_type_of_another_service_that_is_not_known_here_is_ignored(parking, wire):
    whole = record(0)
    source = b"/outcomes/" + f"case/{named('case 0')}".encode() if wire.startswith(b"outcomes") else None
    headers = with_header(whole.headers, "ce_type", wire)
    headers = with_header(headers, "ce_source", source) if source else headers
    handled = Handled()
    await delivery(parking, handled).deliver([record(0, headers=headers), record(1)])

    assert len(handled.events) == 1
    assert await parking.count() == 0


async def test_an_unknown_type_of_the_services_own_waits_for_a_person(parking):
    strange = record(0, headers=with_header(record(0).headers, "ce_type", b"triage.something_new.v1"))
    await delivery(parking, Handled()).deliver([strange])

    assert [kept.reason for kept in await parking.first()] == ["UnknownType: triage.something_new.v1"]


async def test_a_poison_record_parks_and_its_keys_later_records_park_behind_it_even_in_one_batch(parking):
    records = [record(version, sent("her", version)) for version in (1, 2, 3)]
    handled = Handled(lambda event: Rejected("no") if event.version == 1 and event.event.case == named("her") else None)
    work = delivery(parking, handled)
    await work.deliver([records[0], record(7), records[1]])
    await work.deliver([records[2], record(8)])

    assert [event.event.case for event in handled.events] == [named("case 7"), named("case 8")]
    waiting = await parking.of(str(named("her")))
    assert [(one.record.offset, one.reason) for one in waiting] == [
        (1, "Failed: Rejected"),
        (2, "behind_parked_key"),
        (3, "behind_parked_key"),
    ]


async def test_the_same_key_on_another_topic_is_another_order_and_goes_on(parking):
    handled = Handled(lambda event: Rejected("no") if event.version == 1 else None)
    work = delivery(parking, handled)
    await work.deliver([record(1, sent("her", 1)), record(1, sent("her", 2), topic="elsewhere")])

    assert handled.versions("her") == [2]


async def test_a_record_parked_twice_is_one_entry_and_a_redriven_one_stays_redriven(parking):
    poison = record(1, sent("her", 1))
    await delivery(parking, Handled(rejecting("her"))).deliver([poison])
    await delivery(parking, Handled(rejecting("her"))).deliver([poison])
    assert await parking.count() == 1

    assert (await redrive(parking, str(named("her")), {"upstream": Handled()})).handled == 1
    await delivery(parking, Handled(rejecting("her"))).deliver([poison])
    assert await parking.count() == 0


async def test_redrive_replays_a_key_in_order_and_stops_at_the_first_that_fails(parking):
    versions = (1, 2, 3, 10, 11)
    first = Handled(rejecting("her"))
    for version in versions:  # one batch each, and more than nine, so that order by text would show
        await delivery(parking, first).deliver([record(version, sent("her", version))])
    half = Handled(lambda event: Rejected("no") if event.version == 3 else None)
    stopped = await redrive(parking, str(named("her")), {"upstream": half})

    assert half.versions("her") == [1, 2]
    assert (stopped.handled, stopped.waiting, stopped.stopped_by) == (2, 3, "upstream/0/3: Rejected")
    rest = Handled()
    done = await redrive(parking, str(named("her")), {"upstream": rest})
    assert rest.versions("her") == [3, 10, 11]
    assert (done.handled, done.waiting, done.stopped_by) == (3, 0, None)


async def test_after_a_redrive_the_keys_next_record_is_handled_again(parking):
    await delivery(parking, Handled(rejecting("her"))).deliver([record(1, sent("her", 1))])
    handled = Handled()
    await redrive(parking, str(named("her")), {"upstream": handled})
    await delivery(parking, handled).deliver([record(2, sent("her", 2))])

    assert handled.versions("her") == [1, 2]


async def test_the_parked_command_lists_counts_redrives_and_lets_go(parking):
    handled = Handled()
    await delivery(parking, handled).deliver([record(5, value=None), record(6, sent("her"))])

    async def run(*arguments: str) -> list[str]:
        return await parked_command(arguments, parking=parking, handlers={"upstream": handled})

    key = str(named("case 5"))
    assert await run("list") == [f"upstream/0/5 {key} Unreadable: value: null"]
    assert await run("count") == ["1"]
    assert await run("redrive", key) == ["0 handled, 1 waiting", "stopped by upstream/0/5: value: null"]
    assert await run("discard", "upstream/0/5") == [USAGE]
    assert await run("discard", "upstream/0/5", "sent", "by", "mistake") == [
        "upstream/0/5 discarded; its bytes are kept"
    ]
    assert await run("discard", "upstream/0/5", "again") == ["upstream/0/5 is not open"]
    assert await run("count") == ["0"]
    assert (await parking.at("upstream/0/5")) is not None


@pytest.mark.parametrize("failure", [Overloaded(), Unavailable(), AutoReconnect(), TimeoutError(), ConnectionError()])
async def test_a_passing_failure_is_waited_out_and_only_what_failed_is_tried_again(parking, failure):
    left = {named("case 1"): 3}

    def failing(event: Recorded) -> Exception | None:
        assert event.event.case is not None
        left[event.event.case] = left.get(event.event.case, 0) - 1
        return failure if left[event.event.case] >= 0 else None

    handled = Handled(failing)
    await delivery(parking, handled).deliver([record(0), record(1), record(2)])

    assert handled.batches == [3, 1, 1, 1]
    assert [event.event.case for event in handled.events] == [named(f"case {n}") for n in (0, 2, 1)]
    assert await parking.count() == 0


async def test_a_handler_that_breaks_over_a_batch_loses_only_the_culprit(parking):
    handled = Handled()

    async def breaking(events: list[Recorded]) -> list[Exception | None]:
        if any(event.event.case == named("case 1") for event in events):
            raise ZeroDivisionError
        return await handled(events)

    await delivery(parking, breaking).deliver([record(0), record(1), record(2)])

    assert len(handled.events) == 2
    assert [kept.reason for kept in await parking.first()] == ["Failed: ZeroDivisionError"]


async def test_more_failures_than_allowed_stop_the_consumer_and_rubbish_does_not_count(parking):
    limits = DeliveryLimits(failures=3)
    work = delivery(parking, Handled(lambda event: Rejected("no")), limits=limits)
    await work.deliver([record(offset, value=b"rubbish") for offset in range(20)])
    await work.deliver([record(offset) for offset in range(100, 103)])
    with pytest.raises(TooManyParked):
        await work.deliver([record(200)])

    assert await parking.count() == 24


class Told:
    """Counts the pages for unreadable signals; the first ones fail."""

    def __init__(self, failing: int = 0) -> None:
        self.records: list[Record] = []
        self.failing = failing

    async def __call__(self, one: Record) -> None:
        self.failing -= 1
        if self.failing >= 0:
            raise ZeroDivisionError
        self.records.append(one)


async def test_an_unreadable_unknown_or_future_signal_is_itself_a_page_and_is_kept(parking):
    future = record(1, headers=with_header(record(1).headers, "ce_type", b"support.worry_flagged.v9"))
    unknown = record(2, headers=with_header(record(2).headers, "ce_type", b"support.new_fear.v1"))
    rubbish = record(3, value=b"\xff")
    told = Told(failing=2)
    await delivery(parking, Handled(), on_unreadable=told).deliver([future, unknown, rubbish])

    assert told.records == [future, unknown, rubbish]
    assert await parking.count() == 3


async def test_on_signals_nothing_waits_behind_what_parked_and_no_number_of_failures_stops(parking):
    handled = Handled(lambda event: Rejected("no") if event.version == 1 else None)
    told = Told()
    work = delivery(parking, handled, on_unreadable=told, limits=DeliveryLimits(failures=0))
    await work.deliver([record(1, sent("her", 1)), record(2, sent("her", 2))])
    await work.deliver([record(3, sent("her", 3))])

    assert handled.versions("her") == [2, 3]
    assert [one.offset for one in told.records] == [1]
