"""Heads reach a file at once and Kafka when it answers: in order, each at least once, whatever dies or is away."""

import asyncio
import hmac
import json
from pathlib import Path

import pytest

from shared.access.audit.chain import Head, head_of, line_of
from shared.access.audit.heads import Heads
from shared.access.audit.publishing import WAITING, HeadsFile, HeadsToKafka, heads_path
from shared.access.audit.reading import from_file, from_kafka
from shared.runtime.producer import FAILURES
from shared.testing.running import running
from tests.access.audited import KEY, SERVICE, chain_name
from tests.runtime.messaging.made import eventually, everything
from tests.runtime.messaging.own_kafka import OwnKafka

NOBODY = "127.0.0.1:1"
CHAIN = chain_name(0)


def head(length: int, chain: str = CHAIN) -> Head:
    return Head(chain, length, f"{length:064x}")


def heads(*lengths: int) -> list[Head]:
    return [head(length) for length in lengths]


@pytest.fixture
def file(tmp_path: Path) -> HeadsFile:
    return HeadsFile(tmp_path, SERVICE, KEY)


def waiting(file: HeadsFile) -> list[int]:
    lines, _ = file.waiting()
    return [found.length for line in lines if (found := head_of(KEY, line))]


async def carried(kafka: str, topic: str) -> list[int]:
    """The lengths on the topic, in order."""
    return [found.length for one in await everything(kafka, topic) if (found := head_of(KEY, one.value))]


def test_what_was_carried_waits_no_longer_and_the_next_process_goes_on_there(file, tmp_path):
    file.append(heads(1, 2))
    _, place = file.waiting()
    file.append(heads(3))
    file.carried(place)

    assert waiting(file) == [3]
    assert waiting(HeadsFile(tmp_path, SERVICE, KEY)) == [3]
    assert WAITING._value.get() == len(line_of(KEY, head(3))) + 1


@pytest.mark.parametrize("place", [b"", b"x", b"999999999"])
def test_a_place_that_says_nothing_is_taken_for_the_beginning(file, tmp_path, place):
    file.append(heads(1, 2))
    (tmp_path / f"{SERVICE}.heads.carried").write_bytes(place)

    assert waiting(file) == [1, 2]


def test_a_head_says_chain_length_and_code_and_nothing_of_anybody():
    assert line_of(KEY, head(7)) == (
        b'{"chain":"%s","length":7,"mac":"%064x","seal":"%s"}' % (CHAIN.encode(), 7, _seal_of(7))
    )


def _seal_of(length: int) -> bytes:
    """Worked out here with nothing but the standard library, as docs/audit.md says it."""
    fields = {"chain": CHAIN, "length": length, "mac": f"{length:064x}"}
    signed = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hmac.new(KEY, signed.encode(), "sha256").hexdigest().encode()


def test_the_line_that_is_just_being_written_is_no_fault_and_a_broken_one_is(tmp_path):
    path = tmp_path / "heads"
    path.write_bytes(line_of(KEY, head(1)) + b"\n" + b'{"cha\n' + line_of(KEY, head(2))[:-9])
    kept = Heads(SERVICE, KEY)
    from_file(kept, path)

    assert kept.read == 1
    assert kept.faults == ["heads, 2: no head, or one that was changed or forged"]


def test_heads_of_other_services_and_days_are_passed_over():
    kept = Heads(SERVICE, KEY, day="2026-11-24")
    for number, one in enumerate([head(1), head(2, chain_name(1)), head(3, chain_name(0, "triage"))]):
        kept.take(line_of(KEY, one), "file", number)

    assert kept.faults == []
    assert [witness.head.length for witness in kept.of(CHAIN)] == [1]
    assert list(kept.left()) == []


async def test_without_kafka_heads_wait_in_the_file_and_the_part_goes_on(file):
    part = HeadsToKafka(file, NOBODY)
    file.append(heads(1))
    with pytest.raises(FAILURES):
        await part.carry()
    async with running(part), asyncio.timeout(10):
        while not WAITING._value.get():
            await asyncio.sleep(0.02)

    async with asyncio.timeout(5):
        await part.carry_last()
    assert waiting(file) == [1]


async def test_heads_arrive_in_order_under_their_chain_and_once(file, kafka, topic):
    name = await topic("heads")
    part = HeadsToKafka(file, kafka, topic=name)
    file.append(heads(1, 2))
    assert await part.carry() == 2
    file.append(heads(*range(3, 900)))
    assert await part.carry() == 897
    assert await part.carry() == 0

    records = await everything(kafka, name)
    assert [head_of(KEY, one.value) for one in records] == heads(*range(1, 900))
    assert {one.key for one in records} == {CHAIN.encode()}


async def test_what_a_killed_process_left_is_carried_by_the_next(file, kafka, topic, tmp_path):
    name = await topic("heads")
    file.append(heads(1, 2))
    await HeadsToKafka(file, kafka, topic=name).carry()
    file.append(heads(3))

    next_one = HeadsFile(tmp_path, SERVICE, KEY)
    next_one.append(heads(4))
    await HeadsToKafka(next_one, kafka, topic=name).carry()

    assert await carried(kafka, name) == [1, 2, 3, 4]


async def test_a_line_that_is_no_head_is_carried_too_and_a_check_sees_it(file, kafka, topic, tmp_path):
    name = await topic("heads")
    file.append(heads(1))
    with heads_path(tmp_path, SERVICE).open("ab") as broken:
        broken.write(b"{\n")
    file.append(heads(2))
    await HeadsToKafka(file, kafka, topic=name).carry()

    kept = Heads(SERVICE, KEY)
    await from_kafka(kept, kafka, topic=name)
    assert kept.read == 2
    assert len(kept.faults) == 1


async def test_a_topic_that_is_empty_or_absent_holds_no_heads(kafka, topic):
    kept = Heads(SERVICE, KEY)
    await from_kafka(kept, kafka, topic=await topic("heads"))
    await from_kafka(kept, kafka, topic="heads.that.are.not.there")

    assert (kept.read, kept.faults) == (0, [])


@pytest.mark.real
async def test_a_kafka_that_goes_away_and_comes_back_gets_everything_in_order(file, tmp_path):
    with OwnKafka(tmp_path / "kafka") as own:
        await own.create("heads")
        part = HeadsToKafka(file, own.bootstrap, topic="heads")
        async with running(part):
            file.append(heads(1, 2))
            await eventually(lambda: _all(own, [1, 2]), what="the first heads carried")
            await asyncio.to_thread(own.stop)
            await eventually(lambda: not own.runs, what="Kafka stopped", within=40)
            for length in range(3, 10):
                await asyncio.to_thread(file.append, heads(length))
            await eventually(lambda: WAITING._value.get() > 0, what="the part noticed", within=40)
            await asyncio.to_thread(own.start)
            await eventually(lambda: _all(own, list(range(1, 10))), what="all heads carried", within=60)


async def _all(own: OwnKafka, lengths: list[int]) -> bool:
    """Whether these lengths are there in order of their first coming."""
    return list(dict.fromkeys(await carried(own.bootstrap, "heads"))) == lengths
