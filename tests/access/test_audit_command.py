"""`audit verify` as an operator meets it: what it says, what it finds, how it ends."""

import random
import secrets
import subprocess
import sys

import bson
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from bson.errors import BSONError
from pymongo.errors import PyMongoError

from deploy.local.surroundings import inherited
from deploy.topics import FILE, create, load
from shared.access.audit.chain import START, Head, linked
from shared.access.audit.checking import SHOWN
from shared.access.audit.log import COLLECTION
from shared.access.audit.publishing import TOPIC, HeadsFile, HeadsToKafka, heads_path
from shared.access.audit.spool import refused_path, spool_path
from shared.access.caller import VISITOR
from shared.access.reach import Reach
from shared.access.wiring import access_of
from shared.runtime.clock import SystemClock
from shared.runtime.master_key import FileMasterKey
from shared.testing.issuer import access_settings
from shared.testing.running import running
from tests.access.audited import SERVICE, chain_name, entry, made
from tests.access.tampering import TAMPERED

TAMPERINGS = 300
CLEAN = """\
{first}: 9 entries, 2026-11-24T09:30:00Z to 2026-11-24T09:30:00Z; complete up to 9 by a head in referral.heads.jsonl
{second}: 6 entries, 2026-11-24T09:30:00Z to 2026-11-24T09:30:00Z; complete up to 5 by a head in referral.heads.jsonl; \
1 after it are not proven to be complete
15 entries in 2 chains, 5 heads, 0 faults
1 entries after the last heads are not proven to be complete: what followed a chain's last head may have been cut off, \
and nothing here would show it.
A chain of which no head was kept can have been removed whole, and nothing here would show it."""


async def test_a_clean_log_is_said_chain_by_chain_with_what_is_proven_and_what_is_not(world):
    await world.hold(made((9, 6), key=world.key))

    assert await world.ask("verify") == 0
    assert "\n".join(world.said) == CLEAN.format(first=chain_name(0), second=chain_name(1))


async def test_an_empty_log_is_clean_and_claims_nothing(world):
    assert await world.ask("verify") == 0
    assert world.said[0] == "0 entries in 0 chains, 0 heads, 0 faults"
    assert any(line.startswith("No heads were read") for line in world.said)


async def test_a_day_is_checked_alone(world):
    log = made((9, 6), key=world.key)
    await world.hold(log)
    await world.database[COLLECTION].delete_many({"chain": chain_name(1)})

    assert await world.ask("verify", "--day", "2026-11-24") == 0
    assert await world.ask("verify", "--day", "2026-11-25") == 1
    assert world.faults == [
        f"FAULT {chain_name(1)}: is gone altogether; a head in referral.heads.jsonl says there were 5"
    ]


async def test_entries_written_twice_are_counted_and_no_fault(world):
    log = made((3,), key=world.key)
    documents, _ = linked(world.key, Head(chain_name(2), 0, START), [entry(1), entry(2), entry(3)])
    log.documents |= {one["_id"]: bson.encode(one) for one in documents}
    await world.hold(log)

    assert await world.ask("verify") == 0
    assert "2 entries stand twice under one id: the database had not confirmed their first writing" in world.said


async def test_another_key_file_is_suspected_when_nothing_fits(world):
    await world.hold(made((9, 6), key=bytes(32)))

    assert await world.ask("verify") == 1
    assert world.said[-1].startswith("Not one entry fits")
    assert len(world.faults) == 2 * (SHOWN + 1) + 5, "a few of each chain are named, the others counted; and 5 heads"


@pytest.mark.parametrize("part", range(3))
async def test_tamperings_with_a_log_in_the_database_are_found(world, part):
    whole = made(key=world.key)
    missed, stored = [], 0
    for number in range(part, TAMPERINGS, 3):
        log = whole.copy()
        TAMPERED[number // 3 % len(TAMPERED)](random.Random(f"stored/{number}"), log)
        try:
            await world.hold(log)
        except (PyMongoError, BSONError):
            continue  # bytes that no database takes
        stored += 1
        missed += [number] if await world.ask("verify") == 0 else []

    assert missed == []
    assert stored > TAMPERINGS / 3 * 0.9


async def test_a_document_that_is_in_no_chain_is_a_fault_also_when_its_id_is_no_text(world):
    await world.hold(made((3,), key=world.key))
    await world.database[COLLECTION].insert_many([{"_id": 7}, {"note": "x"}, {"_id": "zzz"}])

    assert await world.ask("verify") == 1
    assert world.faults == ["FAULT 3 documents stand at no place of any chain"]


async def test_heads_on_kafka_prove_what_the_file_no_longer_says(world, kafka):
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await create(admin, [load(FILE.read_text())[TOPIC]])
    try:
        log = made((9, 6), key=world.key)
        await world.hold(log)
        await HeadsToKafka(HeadsFile(world.folder, SERVICE, world.key), kafka).carry()
        others = world.folder.with_name("others")
        HeadsFile(others, "triage", bytes(32)).append([Head(chain_name(0, "triage"), 5, "a" * 64)])
        await HeadsToKafka(HeadsFile(others, "triage", bytes(32)), kafka).carry()

        assert await world.ask("verify", "--kafka") == 0
        heads_path(world.folder, SERVICE).write_bytes(b"")
        await world.database[COLLECTION].delete_many({"number": {"$gte": 8}})
        assert await world.ask("verify") == 0, "with the file emptied too, nobody here could know"
        assert await world.ask("verify", "--kafka") == 1
        assert f"FAULT {chain_name(0)}: entries 8 to 9 are missing; a head in audit.heads/" in world.faults[0]
    finally:
        await admin.delete_topics([TOPIC])
        await admin.close()


async def test_named_files_take_the_place_of_the_services_own(world, tmp_path):
    log = made((9,), key=world.key)
    await world.hold(log)
    heads_path(world.folder, SERVICE).write_bytes(b"nothing of ours\n")
    copies = [tmp_path / "one", tmp_path / "two"]
    for copy, line in zip(copies, (log.heads[0], log.heads[-1]), strict=True):
        copy.write_bytes(line + b"\n")

    assert await world.ask("verify") == 1
    assert await world.ask("verify", *(word for copy in copies for word in ("--heads", str(copy)))) == 0
    assert "complete up to 9 by a head in two" in world.said[0]


@pytest.mark.parametrize("words", [("--heads", "nowhere.jsonl"), ("--kafka",)], ids=["file", "kafka"])
async def test_what_cannot_be_read_is_neither_clean_nor_a_fault(world, words):
    world.settings = world.settings.model_copy(update={"kafka": "127.0.0.1:1"})

    assert await world.ask("verify", *words) == 2
    assert world.said[-1].startswith("could not look: ")


async def test_what_waits_in_the_spool_is_said_and_what_was_refused_there_is_a_fault(world):
    await world.hold(made((3,), key=world.key))
    spool_path(world.folder, SERVICE).write_bytes(b"waits\n")
    assert await world.ask("verify") == 0
    assert world.said[-1] == "1 entries or more wait in the spool and are in no chain yet"

    refused_path(world.folder, SERVICE).write_bytes(b"forged\n")
    assert await world.ask("verify") == 1


async def test_what_a_services_own_parts_keep_is_proven_after_an_orderly_stop(world, mongo_client):
    service = mongo_client[world.settings.database]
    access = access_of(world.settings, SERVICE, service, FileMasterKey(world.settings.key_file), SystemClock())
    await access.ensure_indexes()
    async with running(*access.parts):
        for name in ("referral.identity", "concern.card"):
            await access.guard().note_as(Reach(name, "any", VISITOR), ["case-1"])
    await access.http.aclose()

    assert await world.ask("verify") == 0
    assert "2 entries" in world.said[0]
    assert "complete up to 2 by" in world.said[0]


@pytest.mark.parametrize(
    "words", [(), ("verify", "--day", "soon"), ("show",), ("show", "--who", "a", "--subject", "b")]
)
async def test_what_is_not_understood_gets_the_usage(world, words, capsys):
    with pytest.raises(SystemExit) as ended:
        await world.ask(*words)

    assert ended.value.code == 2
    assert "python -m services.referral audit" in capsys.readouterr().err


@pytest.mark.parametrize("service", ["referral", "triage", "support", "safeguarding", "outcomes"])
def test_every_service_has_the_command(service, mongo, database, tmp_path):
    (tmp_path / "master.key").write_bytes(secrets.token_bytes(32))
    reaches = {
        "mongo_url": mongo,
        "database": database.name,
        "kafka": "127.0.0.1:1",
        "key_file": tmp_path / "master.key",
    }
    told = reaches | access_settings(tmp_path, service)
    environment = inherited() | {f"{service}_{name}".upper(): str(value) for name, value in told.items()}
    command = [sys.executable, "-m", f"services.{service}", "audit", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 entries in 0 chains, 0 heads, 0 faults\n")
