"""Safeguarding when time passes and when the other path speaks: escalation, Kafka, and whose site a case is at."""

from functools import partial

import orjson
import pytest

from services.safeguarding.adapters.kafka import noting_handler, signals_handler, unreadable_handler
from shared.events.cloudevents import from_record
from shared.runtime.record import Record
from tests.safeguarding.asking import CASE, both, count, key, listed, push, pushed, sent, worry
from tests.safeguarding.conftest import started
from tests.safeguarding.polling import until
from tests.safeguarding.world import shipped

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def test_an_untaken_page_escalates_to_the_next_rung(mongo, database, key_file):
    ladder = key_file.with_name("ladder.yaml")
    ladder.write_text(shipped("ladder.yaml").replace("answer_within_seconds: 300", "answer_within_seconds: 1"))
    async with started(mongo, database.name, key_file, ladder=str(ladder)) as world:
        receipt = (await world.http.post("/api/concerns", json=worry(), headers=key())).json()["receipt"]
        await until(partial(sent, world.mail, 4))
        assert [person for person, _ in world.mail.pages[:1]] == ["lead-coventry"]
        assert {person for person, _ in world.mail.pages} == {"lead-coventry", "backup-north", "manager"}

        async def escalated():
            return (await world.http.get(f"/api/concerns/{receipt}")).json().get("escalated_at")

        assert await until(escalated), "pages may leave before the list has folded why"
    for kept in ("keys", "audit", "cards"):
        await database.client.drop_database(f"{database.name}_{kept}")


async def test_signals_on_kafka_meet_the_pushed_ones_and_unreadable_ones_page(world):  # S3
    service = world.service
    value, headers = _record()
    await push(world, pushed())
    event = from_record(str(CASE).encode(), value, headers)
    assert await signals_handler(service.executor)([event]) == [None]
    broken = Record("safeguarding.signals", 0, 7, b"key", value, (("ce_type", b"support.worry_flagged.v9"),))
    for _ in range(2):
        await unreadable_handler(service.executor, service.sites, service.clock)(broken)
    assert len(await until(lambda: listed(world))) == 1, "the broken record names the same signal"
    stranger = Record("safeguarding.signals", 0, 8, None, b"\xff", ())
    for _ in range(2):
        await unreadable_handler(service.executor, service.sites, service.clock)(stranger)
    assert len(await until(lambda: count(world, 2))) == 2


async def test_a_worry_goes_by_the_site_its_case_is_known_to_be_at(world):  # S25
    event = from_record(None, *_record(site="halton"))
    assert await noting_handler(world.service.heard)([event]) == [None]
    await world.http.post("/api/concerns", json=worry(), headers=key())
    await until(lambda: both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-halton"]


def _record(**changes):
    body = orjson.loads(pushed(**changes))
    return orjson.dumps(body["data"]), tuple((name, text.encode()) for name, text in body["headers"].items())
