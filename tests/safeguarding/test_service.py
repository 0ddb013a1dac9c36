"""The whole of safeguarding on a real MongoDB without Kafka: one worry, one page, taken, closed; nothing lost."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import orjson
import pytest

from shared.events.ids import concern_id
from shared.runtime.clock import SystemClock
from tests.safeguarding.asking import CASE, both, count, hold, key, listed, push, pushed, sent, shows, with_pages, worry
from tests.safeguarding.polling import until

# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def test_a_worry_is_receipted_paged_once_and_taken_and_closed(world):  # S19, S20, S22, S24
    answer = await world.http.post("/api/concerns", json=worry(), headers=key())
    assert answer.status_code == 201
    receipt = answer.json()["receipt"]
    assert receipt == str(concern_id(UUID(worry()["signal_id"])))
    assert await hold(world) is True
    await until(lambda: both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-coventry"]

    next_at = (SystemClock().now() + timedelta(hours=1)).isoformat()
    body = {"code": "246810", "next_step": "ring-her", "next_at": next_at}
    taken = await world.http.post(f"/api/concerns/{receipt}/acknowledge", json=body, headers=key("take"))
    assert taken.status_code == 200, taken.text
    assert "999" in taken.json()["note"]
    close = {"reason": "made-safe", "actions": []}
    refused = await world.http.post(f"/api/concerns/{receipt}/close", json=close, headers=key("no"))
    assert refused.json()["code"] == "safeguarding.action_missing"
    close["actions"] = ["spoke-with-her"]
    closed = await world.http.post(f"/api/concerns/{receipt}/close", json=close, headers=key("close"))
    assert closed.status_code == 200, closed.text
    assert await hold(world) is False
    again = await world.http.post("/api/concerns", json=worry(), headers=key("again"))
    assert (again.status_code, again.json()["receipt"]) == (201, receipt)
    await until(lambda: shows(world, receipt, "closed"))
    assert len(world.mail.pages) == 1


async def test_both_paths_and_the_button_make_one_concern_and_one_page(world):  # S6
    for _ in range(2):
        assert (await push(world, pushed())).status_code == 202
    assert (await world.http.post("/api/concerns", json=worry(), headers=key())).status_code == 201
    await until(lambda: both(world))
    assert [person for person, _ in world.mail.pages] == ["lead-newham"]
    assert len(await until(lambda: listed(world))) == 1


async def test_a_page_says_nothing_about_anybody(world):
    told = "Made-up Mary said something private"
    await world.http.post("/api/concerns", json=worry(about=told), headers=key())
    await until(lambda: both(world))
    (_, page), *_ = world.mail.pages
    for word in (str(CASE), "Mary", "private", "child", "newham", "coventry"):
        assert word not in page.body
    assert "999" in page.body
    assert "111" in page.body
    assert page.link.endswith(str(concern_id(UUID(worry()["signal_id"]))))


async def test_free_words_go_to_the_vault_and_nowhere_else(world, database):
    told = "Made-up Mary said something private"
    receipt = (await world.http.post("/api/concerns", json=worry(about=told), headers=key())).json()["receipt"]
    shown = await until(lambda: shows(world, receipt, "paged"))
    assert told not in str(shown)
    assert shown["about"] == "unknown"
    assert told not in str([one async for one in database["commits"].find()])
    read = await world.http.get(f"/api/concerns/{receipt}/words")
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
    await until(lambda: both(world))
    assert len(await until(lambda: listed(world))) == 1


async def test_a_worry_too_large_to_be_read_is_a_concern_all_the_same(world):  # S3
    body = b'{"about": "' + b"x" * 1_100_000
    answer = await world.http.post("/api/concerns", content=body, headers=key() | {"Content-Type": "application/json"})
    assert answer.status_code == 413
    await until(lambda: both(world))
    assert len(await until(lambda: listed(world))) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Type": "application/json"}, 400), (key() | {"Content-Type": "text/plain"}, 415)],
)
async def test_a_worry_without_key_or_type_is_kept_all_the_same(world, headers, status):  # S3
    answer = await world.http.post("/api/concerns", content=orjson.dumps(worry()), headers=headers)
    assert answer.status_code == status
    assert answer.json()["receipt"]
    await until(lambda: both(world))


async def test_a_reused_key_never_keeps_another_worry_back(world):  # S3
    first = await world.http.post("/api/concerns", json=worry(1), headers=key())
    other = await world.http.post("/api/concerns", json=worry(2), headers=key())
    assert (first.status_code, other.status_code) == (201, 422)
    assert other.json()["receipt"] != first.json()["receipt"]
    assert len(await until(lambda: count(world, 2))) == 2


@pytest.mark.parametrize("body", [b"\xff\x00", b"{}", pushed(ce_type="support.worry_flagged.v9"), pushed(ce_type="x")])
async def test_an_unreadable_signal_is_a_page_itself(world, body):  # S3
    for _ in range(2):
        assert (await push(world, body)).status_code == 202
    await until(lambda: both(world))
    (one,) = await until(lambda: listed(world))
    assert (one["level"], one["code"]) == ("now", "unreadable-signal")


async def test_a_signal_that_was_only_kept_is_worked_on_later(world, database):
    before = SystemClock().now() - timedelta(seconds=5)
    await database["signals_inbox"].insert_one(
        {"_id": "kept", "body": pushed(), "state": "waiting", "received_at": before}
    )
    await until(lambda: both(world))
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
    await until(lambda: sent(world.webhook))
    await until(lambda: sent(world.mail))
    shown = (await until(lambda: with_pages(world, 3)))[0]
    found = sorted((page["channel"], page["delivered"]) for page in shown["pages"])
    assert found == [("email", False), ("email", True), ("webhook", True)]


async def test_each_worry_reaches_the_channel_before_the_next_one_comes(world):  # how soon: make bench
    for number in range(40):
        answer = await world.http.post("/api/concerns", json=worry(number), headers=key(str(number)))
        assert answer.status_code == 201
        await until(partial(sent, world.mail, number + 1))


async def test_the_live_pages_show_the_list_and_nobody(world):  # S10, S11
    told = "Made-up Mary said something private"
    receipt = (await world.http.post("/api/concerns", json=worry(about=told), headers=key())).json()["receipt"]
    await until(lambda: shows(world, receipt, "paged"))
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
    await until(lambda: shows(world, receipt, "acknowledged"))


async def test_coverage_says_who_answers_and_when_somebody_reads(world):  # S25
    answer = (await world.http.get("/api/coverage", params={"site": "newham"})).json()
    assert (answer["covered"], answer["gap"]) == (True, False)
