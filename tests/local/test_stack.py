"""A whole stack of one's own: what it tells others, what survives kill -9, and that nothing is left behind."""

import json
import os
import secrets
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient, MongoClient

from deploy.local import control, state
from deploy.local.control import StackProblem
from deploy.local.places import SERVICES
from deploy.local.state import Note, Phase, Running
from deploy.local.testing import LocalStack, own_stack, wait_until
from shared.testing.issuer import ISSUER

pytestmark = pytest.mark.real
SERVERS = ("mongo", "kafka", "mail")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose services are held back: the servers alone."""
    with own_stack(tmp_path_factory.mktemp("servers"), held=SERVICES) as stack:
        yield stack


def stored(stack: LocalStack) -> dict[str, object] | None:
    """The document that a test left, if it did."""
    with MongoClient[dict[str, object]](stack.mongo) as client:
        return client["kept"]["things"].find_one()


def test_it_says_where_everything_is(servers: LocalStack) -> None:
    described = servers.described

    assert set(described["services"]) == set(SERVICES)
    assert (described["issuer"], described["clients"], described["users"]) == (ISSUER, {}, {})
    assert set(described["pids"]) == set(SERVERS)
    assert stored(servers) is None
    assert servers.mails() == []


def test_keys_can_be_read_by_their_owner_only(servers: LocalStack) -> None:
    key = servers.folder / "keys" / "webhook.key"

    assert len(key.read_bytes()) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


async def test_killed_kafka_comes_back_with_its_port_and_records(servers: LocalStack) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers.kafka, enable_idempotence=True) as producer:
        await producer.send_and_wait("referral.events", b"kept", partition=3)

    killed = servers.kill("kafka")
    servers.wait_ready("kafka", not_pid=killed)

    consumer = AIOKafkaConsumer(bootstrap_servers=servers.kafka, auto_offset_reset="earliest", group_id=None)
    async with consumer:
        consumer.assign([TopicPartition("referral.events", 3)])
        assert (await consumer.getone()).value == b"kept"


async def test_stopped_and_started_mongo_keeps_port_and_data(servers: LocalStack) -> None:
    async with AsyncMongoClient[dict[str, object]](servers.mongo) as client:
        await client["kept"]["things"].insert_one({"_id": 1})
        servers.stop("mongo")
        assert servers.pid("mongo") is None

        servers.start("mongo")

        assert await client["kept"]["things"].find_one() == {"_id": 1}


def test_a_second_supervisor_of_the_same_folder_is_refused(servers: LocalStack) -> None:
    with pytest.raises(state.AlreadySupervised), state.sole_supervisor(servers.folder):
        pass


def test_up_again_changes_nothing(servers: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    before = servers.described

    control.up(servers.folder)

    assert servers.described == before
    assert "ready" in capsys.readouterr().out


def test_everything_ends_with_the_stack(tmp_path: Path) -> None:
    with own_stack(tmp_path, held=SERVICES) as stack:
        pids = list(stack.described["pids"].values())

    assert len(pids) == len(SERVERS)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
    assert not (tmp_path / "stack.json").exists()


def test_after_a_killed_supervisor_the_next_one_starts_clean_and_keeps_data_on_another_port(tmp_path: Path) -> None:
    with own_stack(tmp_path, held=SERVICES) as stack:
        with MongoClient[dict[str, object]](stack.mongo) as client:
            client["kept"]["things"].insert_one({"_id": 1})
        old_pids = list(stack.described["pids"].values())
        note = state.alive(tmp_path)
        assert note
        os.kill(note.supervisor.pid, signal.SIGKILL)
        wait_until(lambda: not state.alive(tmp_path), within_s=10, what="the supervisor has gone")
    (tmp_path / "ports.json").unlink()  # as if its ports were taken now

    with own_stack(tmp_path, held=SERVICES) as stack:
        assert not set(old_pids) & set(stack.described["pids"].values())
        assert stored(stack) == {"_id": 1}
    assert [pid for pid in old_pids if psutil.pid_exists(pid)] == []


def test_a_stale_note_with_someone_elses_pid_harms_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = Running(os.getpid(), started=1.0)  # our pid, but not our start time
    state.write(tmp_path, Note(Phase.READY, stranger, children={"kafka": state.ChildNote("ready", 1, stranger)}))

    control.down(tmp_path)

    assert state.read(tmp_path) is None
    assert "stopped" in capsys.readouterr().out


def test_status_of_no_stack_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(StackProblem, match="make up"):
        control.status(tmp_path)


def test_a_stack_that_cannot_start_says_which_process_and_why(tmp_path: Path) -> None:
    folder = tmp_path / secrets.token_hex(2)
    (folder / "mongo").mkdir(parents=True)
    (folder / "mongo" / "data").write_text("a file where mongod wants its folder")

    with pytest.raises(StackProblem, match=r"mongo"), own_stack(folder, held=(*SERVICES, "kafka")):
        pass


def test_stack_json_is_never_seen_half_written(servers: LocalStack) -> None:
    for _ in range(3):
        killed = servers.kill("mail")
        wait_until(
            lambda: json.loads((servers.folder / "stack.json").read_text())["pids"].get("mail") not in (None, killed),  # noqa: B023
            within_s=10,
            what="a new pid of the mail sink",
        )
