"""Real servers for the tests that ask for them: a named cluster, else containers, else processes of this machine."""

import gc
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from hypothesis import settings
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from deploy.local import containers, surroundings
from deploy.local.choice import chosen
from deploy.local.testing import LocalKeycloak, LocalStack, local_kafka, local_keycloak, local_mongo, own_stack
from deploy.topics import FILE, Topic, create, load

_SURROUNDINGS = surroundings.read()
# How long one example takes says how busy the machine is; speed is measured by make bench.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")
_FIXTURES_OF_REAL_SERVERS = {"kafka", "keycloak", "mongo", "stack", "whole"}
_FIXTURES_OF_PROCESSES = {"keycloak", "stack", "whole"}
_FOLDERS_OF_PROCESSES = {"faults", "front_door", "local", "privacy", "whole"}


def pytest_configure(config: pytest.Config) -> None:
    """Workers side by side choose free ports from ranges of their own: two would find the same one free."""
    worker = getattr(config, "workerinput", None)
    if worker:
        free, number = surroundings.free_ports(), int(worker["workerid"].removeprefix("gw"))
        share = len(free) // worker["workercount"]
        first = free[number * share]
        surroundings.choose_free_ports_from(first, first + share - 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a real server carries the marker, whether its author remembered or not.

    What runs the services as processes runs alone: their patience is measured in seconds, and a full machine has
    none. Those that share a stack come last: it runs until the end, and takes half a processor from the others.
    """
    for item in items:
        if _FIXTURES_OF_REAL_SERVERS & _fixtures_of(item):
            item.add_marker(pytest.mark.real)
        if _FIXTURES_OF_PROCESSES & _fixtures_of(item) or item.path.parent.name in _FOLDERS_OF_PROCESSES:
            item.add_marker(pytest.mark.alone)
    items.sort(key=lambda item: "stack" in _fixtures_of(item))


def _fixtures_of(item: pytest.Item) -> set[str]:
    return set(item.fixturenames) if isinstance(item, pytest.Function) else set()


def pytest_collection_finish() -> None:
    """Keep what is imported out of every later collection: tests that collect by hand did so for 25 s in all."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def engine() -> bool:
    """Whether containers may be used and a Docker engine answers."""
    return _SURROUNDINGS.containers and containers.engine_answers()


@pytest.fixture(scope="session")
def kafka(engine: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a real Kafka that makes no topics by itself."""
    with chosen(
        named=_SURROUNDINGS.test_kafka,
        engine=engine,
        container=containers.container_kafka,
        process=lambda: local_kafka(tmp_path_factory.mktemp("kafka")),
    ) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def mongo(engine: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real MongoDB replica set."""
    with chosen(
        named=_SURROUNDINGS.test_mongo,
        engine=engine,
        container=containers.container_mongo,
        process=lambda: local_mongo(tmp_path_factory.mktemp("mongo")),
    ) as url:
        yield url


@pytest.fixture(scope="session")
async def mongo_client(mongo: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """One client for all tests; they share the session's event loop."""
    async with AsyncMongoClient[dict[str, Any]](mongo, tz_aware=True) as client:
        yield client


@pytest.fixture
async def database(
    mongo_client: AsyncMongoClient[dict[str, Any]],
) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A fresh database of a name used once, dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    yield mongo_client[name]
    await mongo_client.drop_database(name)


@pytest.fixture
async def topic(kafka: str) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """`await topic()` or `await topic("prefix")` makes a topic with the event topics' settings; gives its name."""
    like = next(iter(load(FILE.read_text()).values()))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    made: list[str] = []

    async def make(prefix: str = "test", partitions: int = like.partitions) -> str:
        name = f"{prefix}.{secrets.token_hex(6)}"
        await create(admin, [Topic(name, like.key, partitions, like.settings, (), {})])
        made.append(name)
        return name

    yield make
    if made:
        await admin.delete_topics(made)
    await admin.close()


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKeycloak]:
    """A Keycloak with the realm and people of the demonstration, shared by the tests of this run."""
    with local_keycloak(tmp_path_factory.mktemp("keycloak")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A whole stack shared by the tests of this run: leave it running and whole. It believes `shared.testing.issuer`.

    A test that wants other settings or hurts the stack for long makes its own: `with own_stack(folder) as stack`.
    """
    folder: Path = tmp_path_factory.mktemp("stack")
    with own_stack(folder) as running:
        yield running
