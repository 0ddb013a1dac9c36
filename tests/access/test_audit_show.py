"""`audit show`: who did what about a subject, once and in order, and never unseen."""

import bson

from shared.access.audit.chain import START, Head, linked
from shared.access.audit.log import COLLECTION
from tests.access.audited import chain_name, entry, made


async def test_show_says_who_did_what_about_a_subject_once_and_in_order_and_is_noted_itself(world):
    log = made((9, 6), key=world.key)
    again, _ = linked(world.key, Head(chain_name(2), 0, START), [entry(1), entry(6)])
    log.documents |= {one["_id"]: bson.encode(one) for one in again}
    await world.hold(log)

    assert await world.ask("show", "--subject", "case-1", "--by", "lead-7") == 0
    assert [line.split(" ")[0] for line in world.said] == [
        *(f"2026-11-24T09:30:00.{milliseconds}Z" for milliseconds in (124, 129, 224)),
        world.said[-1].split(" ")[0],
    ]
    assert "who=operator/lead-7 did=audit.read about=case-1" in world.said[-1], "who looks is among those who looked"
    assert world.said[0] == (
        "2026-11-24T09:30:00.124Z who=triage-worker/worker-1 of=nct did=referral.identity about=case-1"
        " outcome=admitted via=token proof=token-1"
    )
    noted = await world.database[COLLECTION].find_one({"content.operation": "audit.read"})
    content = noted["content"]
    assert (content["who"], content["subjects"], content["via"]) == ("lead-7", ["case-1"], "shell")
    assert await world.ask("verify") == 0
    (line,) = (line for line in world.said if line.startswith(noted["chain"]))
    assert "complete up to 1" in line, "and its head was told"


async def test_show_by_person_and_day(world):
    await world.hold(made((9,), key=world.key))

    assert await world.ask("show", "--who", "worker-2", "--day", "2026-11-24") == 0
    assert len(world.said) == 3
    assert await world.ask("show", "--who", "worker-2", "--day", "2026-11-25") == 0
    assert world.said == []


async def test_show_does_not_pass_on_what_somebody_put_there(world):
    await world.hold(made((9,), key=world.key))
    await world.database[COLLECTION].update_one({"number": 2}, {"$set": {"content.purpose": "\x1b[2J"}})

    assert await world.ask("show", "--subject", "case-1") == 1
    assert world.faults == [f"FAULT {chain_name(0)}: entry 2 was changed or forged and is not shown"]
    assert not any("\x1b" in line for line in world.said)


async def test_nothing_is_shown_that_cannot_be_noted(world):
    await world.hold(made((9,), key=world.key))
    await world.database.command("collMod", COLLECTION, validator={"nobody": {"$exists": True}})

    assert await world.ask("show", "--subject", "case-1") == 2
    assert world.said == ["could not look: Unavailable"]
