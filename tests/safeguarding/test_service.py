"""The whole of safeguarding on a real MongoDB without Kafka: one worry, one page, taken, closed; nothing lost."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

import orjson
import pytest

from services.safeguarding.adapters.kafka import cases_handler, signals_handler, unreadable_handler
from shared.events.cloudevents import from_record, to_headers
from shared.events.ids import BESIDE, concern_id, event_id
from shared.events.recorded import Recorded
from shared.events.support import SupportWorryFlagged
from shared.runtime.clock import SystemClock
from shared.runtime.record import Record
from tests.safeguarding.conftest import started
from tests.safeguarding.polling import until
from tests.safeguarding.world import shipped

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CASE = uuid5(BESIDE, "safeguarding-test/case")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LEAD = {"Beside-Acting": "safeguarding-lead/lead-newham"}


def key(name="first"):
    return {"Idempotency-Key": f"test-key-{name}"}


def worry(number=1, **changes):
    return {
        "signal_id": str(uuid5(BESIDE, f"signal/{number}")),
        "case": str(CASE),
        "in_danger": "yes",
        "about": "child",
        **changes,
    }


def pushed(number=1, site="newham", **changes):
    """What another service pushes for the same worry."""
    signal = SupportWorryFlagged(
        case=CASE,
        occurred_at=NOW,
        signal_id=uuid5(BESIDE, f"signal/{number}"),
        about="child",
        code="in_danger/yes",
        level="now",
        observed_at=NOW,
    )
    stream = f"case/{CASE}"
    event = Recorded(
        signal, event_id(0, stream, 1), "support", stream, 1, NOW, "nct", site, CASE, 0, f"{stream}/0000000001"
    )
    headers = {name: value.decode() for name, value in to_headers(event)} | changes
    return orjson.dumps({"headers": headers, "data": signal.data()})


async def listed(world, *, closed=False):
    answer = await world.http.get("/api/concerns", params={"closed": closed})
    return answer.json()["concerns"]


async def test_a_worry_is_receipted_paged_once_and_taken_and_closed(world):  # S19, S20, S22, S24
    answer = await world.http.post("/api/concerns", json=worry(), headers=key())
    assert answer.status_code == 201
    receipt = answer.json()["receipt"]
    assert receipt == str(concern_id(UUID(worry()["signal_id"])))
    assert (await world.http.get("/api/hold", params={"case": str(CASE)})).json()["hold"] is True
    await until(lambda: _both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-coventry"]

    next_at = (SystemClock().now() + timedelta(hours=1)).isoformat()
    body = {"code": "246810", "next_step": "ring-her", "next_at": next_at}
    taken = await world.http.post(f"/api/concerns/{receipt}/acknowledge", json=body, headers=key("take"))
    assert taken.status_code == 200, taken.text
    assert "999" in taken.json()["note"]
    close = {"reason": "made-safe", "actions": []}
    refused = await world.http.post(f"/api/concerns/{receipt}/close", json=close, headers=key("no") | LEAD)
    assert refused.json()["code"] == "safeguarding.action_missing"
    close["actions"] = ["spoke-with-her"]
    closed = await world.http.post(f"/api/concerns/{receipt}/close", json=close, headers=key("close") | LEAD)
    assert closed.status_code == 200, closed.text
    assert (await world.http.get("/api/hold", params={"case": str(CASE)})).json()["hold"] is False
    again = await world.http.post("/api/concerns", json=worry(), headers=key("again"))
    assert (again.status_code, again.json()["receipt"]) == (201, receipt)
    await until(lambda: _shows(world, receipt, "closed"))
    assert len(world.mail.pages) == 1


async def test_both_paths_and_the_button_make_one_concern_and_one_page(world):  # S6
    for _ in range(2):
        assert (await world.http.post("/api/signals", content=pushed())).status_code == 202
    assert (await world.http.post("/api/concerns", json=worry(), headers=key())).status_code == 201
    await until(lambda: _both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-newham"]
    assert len(await until(lambda: listed(world))) == 1


async def test_a_page_says_nothing_about_anybody(world):
    told = "Made-up Mary said something private"
    await world.http.post("/api/concerns", json=worry(about=told), headers=key())
    await until(lambda: _both(world))
    (_, page), *_ = world.mail.pages
    for word in (str(CASE), "Mary", "private", "child", "newham", "coventry"):
        assert word not in page.body
    assert "999" in page.body
    assert "111" in page.body
    assert page.link.endswith(str(concern_id(UUID(worry()["signal_id"]))))


async def test_free_words_go_to_the_vault_and_nowhere_else(world, database):
    told = "Made-up Mary said something private"
    receipt = (await world.http.post("/api/concerns", json=worry(about=told), headers=key())).json()["receipt"]
    shown = await until(lambda: _shows(world, receipt, "paged"))
    assert told not in str(shown)
    assert shown["about"] == "unknown"
    assert told not in str([one async for one in database["commits"].find()])
    read = await world.http.get(f"/api/concerns/{receipt}", headers=LEAD)
    assert read.json()["words"] == [told]


BROKEN = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (orjson.dumps({}), 422),
    (orjson.dumps(worry(in_danger="perhaps")), 422),
    (orjson.dumps(worry(in_danger=None)), 422),
    (orjson.dumps(worry(case="not-a-case")), 422),
    (orjson.dumps(worry(signal_id=7)), 422),
    (orjson.dumps(worry(about=["x"])), 422),
    (orjson.dumps(worry(about="")), 422),
    (orjson.dumps(worry(surname="Made-up")), 422),
]


@pytest.mark.parametrize(("body", "status"), BROKEN)
async def test_a_faulty_worry_is_one_paged_concern_and_the_fault_is_told_with_its_receipt(world, body, status):  # S3
    sent = key() | {"Content-Type": "application/json"}
    answers = [await world.http.post("/api/concerns", content=body, headers=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].json()["receipt"] == answers[1].json()["receipt"]
    assert "Made-up" not in answers[0].text
    await until(lambda: _both(world))
    assert len(await until(lambda: listed(world))) == 1


async def test_a_worry_too_large_to_be_read_is_a_concern_all_the_same(world):  # S3
    body = b'{"about": "' + b"x" * 1_100_000
    answer = await world.http.post("/api/concerns", content=body, headers=key() | {"Content-Type": "application/json"})
    assert answer.status_code == 413
    await until(lambda: _both(world))
    assert len(await until(lambda: listed(world))) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Type": "application/json"}, 400), (key() | {"Content-Type": "text/plain"}, 415)],
)
async def test_a_worry_without_key_or_type_is_kept_all_the_same(world, headers, status):  # S3
    answer = await world.http.post("/api/concerns", content=orjson.dumps(worry()), headers=headers)
    assert answer.status_code == status
    assert answer.json()["receipt"]
    await until(lambda: _both(world))


async def test_a_reused_key_never_keeps_another_worry_back(world):  # S3
    first = await world.http.post("/api/concerns", json=worry(1), headers=key())
    other = await world.http.post("/api/concerns", json=worry(2), headers=key())
    assert (first.status_code, other.status_code) == (201, 422)
    assert other.json()["receipt"] != first.json()["receipt"]
    assert len(await until(lambda: _count(world, 2))) == 2


@pytest.mark.parametrize("body", [b"\xff\x00", b"{}", pushed(ce_type="support.worry_flagged.v9"), pushed(ce_type="x")])
async def test_an_unreadable_signal_is_a_page_itself(world, body):  # S3
    for _ in range(2):
        assert (await world.http.post("/api/signals", content=body)).status_code == 202
    await until(lambda: _both(world))
    (one,) = await until(lambda: listed(world))
    assert (one["level"], one["code"]) == ("now", "unreadable-signal")


async def test_a_signal_that_was_only_kept_is_worked_on_later(world, database):
    before = SystemClock().now() - timedelta(seconds=5)
    await database["signals_inbox"].insert_one(
        {"_id": "kept", "body": pushed(), "state": "waiting", "received_at": before}
    )
    await until(lambda: _both(world))
    assert await until(lambda: database["signals_inbox"].find_one({"_id": "kept", "state": "done"}))


async def test_a_wrong_code_gets_no_hint_and_few_tries(world):
    receipt = (await world.http.post("/api/concerns", json=worry(), headers=key())).json()["receipt"]
    next_at = (SystemClock().now() + timedelta(hours=1)).isoformat()
    answers = []
    for number in range(6):  # 468012 is a real code, of another site's lead
        body = {"code": "468012" if number else "000000", "next_step": "ring-her", "next_at": next_at}
        answer = await world.http.post(f"/api/concerns/{receipt}/acknowledge", json=body, headers=key(str(number)))
        answers.append(answer)
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert {answer.json()["detail"] for answer in answers[:5]} == {"The code was not accepted."}


async def test_a_dead_channel_is_tried_again_and_the_other_is_not_delayed(world):  # S26
    world.mail.failing = 1
    await world.http.post("/api/concerns", json=worry(), headers=key())
    await until(lambda: _sent(world.webhook))
    await until(lambda: _sent(world.mail))
    shown = (await until(lambda: _with_pages(world, 3)))[0]
    found = sorted((page["channel"], page["delivered"]) for page in shown["pages"])
    assert found == [("email", False), ("email", True), ("webhook", True)]


async def test_a_worry_reaches_the_channel_soon_after_it_is_durable(world):
    waits = []
    for number in range(40):
        before = time.perf_counter()
        answer = await world.http.post("/api/concerns", json=worry(number), headers=key(str(number)))
        assert answer.status_code == 201
        await until(partial(_sent, world.mail, number + 1))
        waits.append(time.perf_counter() - before)
    assert statistics.quantiles(waits, n=20)[-1] < 0.25, waits


async def test_the_live_pages_show_the_list_and_nobody(world):  # S10, S11
    told = "Made-up Mary said something private"
    receipt = (await world.http.post("/api/concerns", json=worry(about=told), headers=key())).json()["receipt"]
    await until(lambda: _shows(world, receipt, "paged"))
    page = await world.http.get("/concerns")
    assert "<title>List</title>" in page.text
    assert all(text in page.text for text in (receipt[:8], "999", "111", "116 123"))
    assert "Mary" not in page.text
    assert str(CASE) not in page.text
    next_at = (SystemClock().now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    form = {"code": "1", "next_step": "ring-her", "next_at": next_at, "key": "form-key-1"}
    assert "not accepted" in (await world.http.post(f"/concerns/{receipt}/acknowledge", data=form)).text
    done = await world.http.post(f"/concerns/{receipt}/acknowledge", data=form | {"code": "246810"})
    assert done.status_code == 303
    await until(lambda: _shows(world, receipt, "acknowledged"))


async def test_coverage_says_who_answers_and_when_somebody_reads(world):  # S25
    answer = (await world.http.get("/api/coverage", params={"site": "newham"})).json()
    assert (answer["covered"], answer["gap"]) == (True, False)


async def _sent(channel, wanted=1):
    return len(channel.pages) >= wanted


async def _both(world):
    return world.mail.pages and world.webhook.pages


async def _count(world, wanted):
    found = await listed(world)
    return found if len(found) == wanted else None


async def _with_pages(world, wanted):
    found = await listed(world)
    return found if found and len(found[0]["pages"]) >= wanted else None


async def _shows(world, receipt, status):
    answer = await world.http.get(f"/api/concerns/{receipt}")
    return answer.json() if answer.status_code == 200 and answer.json()["status"] == status else None


async def test_an_untaken_page_escalates_to_the_next_rung(mongo, database, key_file):
    ladder = key_file.with_name("ladder.yaml")
    ladder.write_text(shipped("ladder.yaml").replace("answer_within_seconds: 300", "answer_within_seconds: 1"))
    async with started(mongo, database.name, key_file, ladder=str(ladder)) as world:
        receipt = (await world.http.post("/api/concerns", json=worry(), headers=key())).json()["receipt"]
        await until(partial(_sent, world.mail, 4))
        assert [person for person, _ in world.mail.pages[:1]] == ["lead-coventry"]
        assert {person for person, _ in world.mail.pages} == {"lead-coventry", "backup-north", "manager"}
        shown = (await world.http.get(f"/api/concerns/{receipt}")).json()
        assert shown["escalated_at"]
    await database.client.drop_database(f"{database.name}_keys")


async def test_signals_on_kafka_meet_the_pushed_ones_and_unreadable_ones_page(world):  # S3
    service = world.service
    value, headers = _record()
    await world.http.post("/api/signals", content=pushed())
    event = from_record(str(CASE).encode(), value, headers)
    assert await signals_handler(service.executor)([event]) == [None]
    broken = Record("safeguarding.signals", 0, 7, b"key", value, (("ce_type", b"support.worry_flagged.v9"),))
    for _ in range(2):
        await unreadable_handler(service.executor, service.clock)(broken)
    assert len(await until(lambda: listed(world))) == 1, "the broken record names the same signal"
    stranger = Record("safeguarding.signals", 0, 8, None, b"\xff", ())
    for _ in range(2):
        await unreadable_handler(service.executor, service.clock)(stranger)
    assert len(await until(lambda: _count(world, 2))) == 2


async def test_a_worry_goes_by_the_site_its_case_is_known_to_be_at(world):  # S25
    event = from_record(None, *_record(site="halton"))
    assert await cases_handler(world.service.heard)([event]) == [None]
    await world.http.post("/api/concerns", json=worry(), headers=key())
    await until(lambda: _both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-halton"]


def _record(**changes):
    body = orjson.loads(pushed(**changes))
    return orjson.dumps(body["data"]), tuple((name, text.encode()) for name, text in body["headers"].items())
