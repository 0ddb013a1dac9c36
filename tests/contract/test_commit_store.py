"""One suite for every commit store: memory, PyMongo, Motor. What one refuses, all refuse, and for the same reason."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.runtime.commit import Claim, Commit, Entry, recorded
from shared.runtime.errors import Unavailable
from shared.runtime.mongo import MongoStore
from shared.runtime.motor_store import MotorStore
from shared.runtime.store import CommitStore, Refused
from shared.testing.memory import MemoryStore
from tests.runtime.core.shop import named

# Motor's watching threads let go of their sockets after close() has returned; that is no fault of the store.
pytestmark = [pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"), pytest.mark.slow]

AT = datetime(2026, 11, 24, 9, 30, 0, 123_000, tzinfo=UTC)


def commit(stream: str, version: int, *causes: str, claims: tuple[tuple[str, str], ...] = ()) -> Commit:
    """One event for each cause; claims are (value, digest), made by the first."""
    made = [
        Entry("support.case_opened.v1", named(stream), AT, named(cause), named("flow"), {"offer": "group"})
        for cause in causes
    ]
    return Commit(
        stream=stream,
        version=version,
        epoch=3,
        service="support",
        provider="nct",
        site="newham",
        causes=tuple(named(cause) for cause in causes),
        claims=tuple(Claim(value, named(causes[0]), digest) for value, digest in claims),
        recorded_at=AT,
        entries=tuple(made),
    )


def let_go(client: AsyncIOMotorClient[dict[str, Any]]) -> None:
    """Close and collect now, so that what Motor leaves behind is met here and in no other test."""
    client.close()
    gc.collect()


@pytest.fixture(params=["memory", "pymongo", "motor"])
async def store(
    request: pytest.FixtureRequest, mongo: str, database: AsyncDatabase[dict[str, Any]]
) -> AsyncIterator[CommitStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    pymongo_store = MongoStore(database)
    await pymongo_store.ensure_indexes()
    if request.param == "pymongo":
        yield pymongo_store
        return
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongo)
    motor_store = MotorStore(client[database.name])
    await motor_store.ensure_indexes()
    yield motor_store
    let_go(client)


async def test_stream_without_commits_loads_as_empty(store: CommitStore):
    assert await store.load(["case/a", "case/b"]) == {"case/a": [], "case/b": []}


async def test_commit_comes_back_as_it_was(store: CommitStore):
    kept = commit("case/a", 1, "one", "two", claims=(("key/1", "abc"),))
    assert await store.append([kept]) == [None]
    assert await store.load(["case/a"]) == {"case/a": [kept]}
    again = (await store.load(["case/a"]))["case/a"][0]
    assert recorded(again) == recorded(kept)
    assert [one.claims for one in recorded(again)] == [("key/1",), ()]


async def test_commits_load_in_order_of_version(store: CommitStore):
    late, early = commit("case/a", 3, "three"), commit("case/a", 1, "one", "two")
    await store.append([late])
    await store.append([early])
    assert (await store.load(["case/a"]))["case/a"] == [early, late]


async def test_version_taken_is_refused(store: CommitStore):
    await store.append([commit("case/a", 1, "one")])
    assert await store.append([commit("case/a", 1, "two")]) == [Refused("version", "case/a/0000000001")]


async def test_cause_taken_in_the_same_stream_is_refused(store: CommitStore):
    await store.append([commit("case/a", 1, "one")])
    assert await store.append([commit("case/a", 2, "two", "one")]) == [Refused("cause", str(named("one")))]
    assert len((await store.load(["case/a"]))["case/a"]) == 1


async def test_cause_taken_in_another_stream_is_no_matter(store: CommitStore):
    await store.append([commit("case/a", 1, "one")])
    assert await store.append([commit("case/b", 1, "one")]) == [None]


async def test_claim_taken_anywhere_is_refused_and_names_its_holder(store: CommitStore):
    winner = commit("case/a", 1, "one", claims=(("key/1", "abc"), ("key/2", "abc")))
    await store.append([winner])
    assert await store.append([commit("case/b", 1, "two", claims=(("key/2", "x"),))]) == [Refused("claim", "key/2")]
    assert await store.claimed("key/2") == winner
    assert await store.claimed("key/3") is None


async def test_commits_without_claims_do_not_collide(store: CommitStore):
    assert await store.append([commit("case/a", 1, "one"), commit("case/b", 1, "two")]) == [None, None]


async def test_one_refusal_leaves_the_others_of_a_batch(store: CommitStore):
    await store.append([commit("case/b", 1, "b")])
    answers = await store.append([commit("case/a", 1, "a"), commit("case/b", 1, "x"), commit("case/c", 1, "c")])
    assert answers == [None, Refused("version", "case/b/0000000001"), None]
    found = await store.load(["case/a", "case/b", "case/c"])
    assert [len(found[stream]) for stream in ("case/a", "case/b", "case/c")] == [1, 1, 1]


async def test_racing_appends_of_one_version_let_one_through(store: CommitStore):
    answers = await asyncio.gather(*(store.append([commit("case/a", 1, str(n))]) for n in range(20)))
    assert sum(answer == [None] for answer in answers) == 1
    assert len((await store.load(["case/a"]))["case/a"]) == 1


Call = Callable[[CommitStore], Awaitable[object]]


@pytest.mark.parametrize("kind", ["pymongo", "motor"])
@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.load(["case/a"]),
        lambda store: store.append([commit("case/a", 1, "one")]),
        lambda store: store.claimed("key/1"),
    ],
    ids=["load", "append", "claimed"],
)
async def test_database_that_does_not_answer_is_unavailable(kind: str, call: Call):
    nowhere = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50"
    if kind == "pymongo":
        async with AsyncMongoClient[dict[str, Any]](nowhere) as client:
            with pytest.raises(Unavailable):
                await call(MongoStore(client["nothing"]))
        return
    old: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(nowhere)
    with pytest.raises(Unavailable):
        await call(MotorStore(old["nothing"]))
    let_go(old)


async def test_document_has_the_published_shape(database: AsyncDatabase[dict[str, Any]]):
    store = MongoStore(database)
    await store.ensure_indexes()
    await store.append([commit("case/a", 1, "one"), commit("case/b", 1, "two", claims=(("key/1", "d"),))])
    bare, claiming = await database["commits"].find().sort("_id").to_list()
    assert set(bare) == {"_id", "stream", "version", "epoch", "provider", "site", "causes", "recorded_at", "events"}
    assert set(claiming) - set(bare) == {"claims", "claimed_by", "digests"}
    assert (bare["_id"], bare["recorded_at"]) == ("case/a/0000000001", AT)
    assert set(bare["events"][0]) == {"type", "case", "occurred_at", "cause", "correlation", "data"}


def test_causes_and_cases_are_ids():
    assert isinstance(commit("case/a", 1, "one").causes[0], UUID)
