"""The executor in memory: effect once, repeats, claims, refusals, limits, and what a lost answer may not change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.events.refusal import Rejected
from shared.runtime.batch import BatchLimits
from shared.runtime.commit import Commit
from shared.runtime.deciding import SizeLimits
from shared.runtime.errors import KeyReused, Overloaded, TooLarge, Unavailable, UnknownHistory
from shared.runtime.executor import Executor, ExecutorLimits, Settled
from shared.runtime.journal import Unbroken
from shared.runtime.submission import Outcome, Submission
from shared.testing.clock import HandClock
from shared.testing.memory import MemoryStore
from shared.testing.running import running_in_memory
from tests.runtime.core.shop import (
    DECIDERS,
    NOW,
    SCOPE,
    DeadlinePassed,
    Noticed,
    OpenCase,
    hold,
    named,
    open_case,
    register,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
async def executor(store: MemoryStore, clock: HandClock) -> AsyncIterator[Executor]:
    made = Executor("support", DECIDERS, store, clock, journal=Unbroken(7))
    async with running_in_memory(made):
        yield made


def another(store: MemoryStore, clock: HandClock) -> Executor:
    """A second instance over the same journal."""
    return Executor("support", DECIDERS, store, clock, journal=Unbroken(7))


async def test_new_stream_is_written_without_a_load(executor: Executor, store: MemoryStore):
    outcome = await executor.submit(open_case("a"))
    assert (outcome.version, outcome.repeated, len(outcome.recorded)) == (1, False, 1)
    assert (store.loads, store.appends) == (0, 1)


async def test_inputs_of_one_stream_fold_on_each_other_into_one_commit(executor: Executor, store: MemoryStore):
    await executor.submit(register("v", cap=2))
    answers = await executor.submit_all([hold("v", "a"), hold("v", "b"), hold("v", "c")])
    assert [type(answer) for answer in answers] == [Outcome, Outcome, Rejected]
    assert [commit.id[-10:] for commit in store.journal] == ["0000000001", "0000000002"]
    assert [len(commit.entries) for commit in store.journal] == [1, 2]


async def test_same_cause_again_gets_the_first_answer_and_writes_nothing(executor: Executor, store: MemoryStore):
    first = await executor.submit(open_case("a"))
    again = await executor.submit(open_case("a"))
    assert (again.recorded, again.version, again.repeated) == (first.recorded, 1, True)
    assert len(store.journal) == 1


async def test_same_cause_twice_in_one_batch_takes_effect_once(executor: Executor, store: MemoryStore):
    first, again = await executor.submit_all([open_case("a"), open_case("a")])
    assert isinstance(first, Outcome)
    assert isinstance(again, Outcome)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.recorded == again.recorded
    assert len(store.journal) == 1


async def test_claim_taken_by_the_same_request_gives_the_winners_answer(executor: Executor):
    first = await executor.submit(open_case("a", claims=("key/1",), digest="same"))
    again = await executor.submit(open_case("b", claims=("key/1",), digest="same"))
    assert (again.stream, again.recorded, again.repeated) == (first.stream, first.recorded, True)


async def test_claim_taken_by_another_request_is_refused(executor: Executor, store: MemoryStore):
    await executor.submit(open_case("a", claims=("key/1",), digest="one"))
    with pytest.raises(KeyReused):
        await executor.submit(open_case("b", claims=("key/1",), digest="other"))
    assert len(store.journal) == 1


async def test_same_cause_with_another_body_is_refused(executor: Executor):
    await executor.submit(open_case("a", claims=("key/1",), digest="one"))
    with pytest.raises(KeyReused):
        await executor.submit(open_case("a", claims=("key/1",), digest="other"))


async def test_claim_repeated_inside_a_batch_is_answered_by_the_first(executor: Executor, store: MemoryStore):
    first, same, other = await executor.submit_all(
        [
            open_case("a", claims=("key/1",), digest="one"),
            open_case("b", claims=("key/1",), digest="one"),
            open_case("c", claims=("key/1",), digest="two"),
        ]
    )
    assert isinstance(first, Outcome)
    assert isinstance(same, Outcome)
    assert (same.stream, same.repeated) == (first.stream, True)
    assert isinstance(other, KeyReused)
    assert len(store.journal) == 1


async def test_claim_of_a_refused_input_stays_free(executor: Executor):
    await executor.submit(open_case("a"))
    refused, taken = await executor.submit_all(
        [
            open_case("a", cause="again", claims=("key/1",), digest="one"),
            open_case("b", claims=("key/1",), digest="two"),
        ]
    )
    assert isinstance(refused, Rejected)
    assert isinstance(taken, Outcome)
    assert not taken.repeated


async def test_claim_refused_leaves_the_other_inputs_of_the_stream(executor: Executor, store: MemoryStore):
    await executor.submit(open_case("a", claims=("key/1",), digest="one"))
    await executor.submit(register("v"))
    claiming = Submission(hold("v", "x").input, named("x"), SCOPE, claims=("key/1",), digest="one")
    claimed, free = await executor.submit_all([claiming, hold("v", "y")])
    assert isinstance(claimed, Outcome)
    assert claimed.stream.startswith("case/")
    assert isinstance(free, Outcome)
    assert free.version == 2


async def test_stale_cache_never_decides_a_refusal(executor: Executor, store: MemoryStore, clock: HandClock):
    await executor.submit(register("v", cap=1))
    await executor.submit(hold("v", "a"))
    other = another(store, clock)
    async with running_in_memory(other):
        clock.advance(timedelta(minutes=11))
        await other.submit(Submission(DeadlinePassed(f"volunteer/{named('v')}", clock.now()), named("wake")))
    outcome = await executor.submit(hold("v", "b"))
    assert outcome.version == 4


async def test_stale_cache_loses_the_append_and_decides_again(executor: Executor, store: MemoryStore, clock: HandClock):
    await executor.submit(register("v", cap=3))
    other = another(store, clock)
    async with running_in_memory(other):
        await other.submit(hold("v", "a"))
    outcome = await executor.submit(hold("v", "b"))
    assert outcome.version == 3


async def test_lost_answer_is_asked_for_again_and_takes_effect_once(executor: Executor, store: MemoryStore):
    store.lost_answers = 2
    outcome = await executor.submit(open_case("a"))
    assert (outcome.version, outcome.repeated) == (1, True)
    assert len(store.journal) == 1


async def test_store_that_never_answers_is_unavailable_at_the_deadline(executor: Executor, store: MemoryStore):
    store.down = True
    with pytest.raises(Unavailable):
        await executor.submit(open_case("a"), within=0.2)


async def test_bug_in_the_core_fails_that_input_only(executor: Executor):
    await executor.submit(register("v"))
    broken = Submission(Noticed(named("v"), breaks=True), named("broken"))
    first, bug, last, elsewhere = await executor.submit_all([hold("v", "a"), broken, hold("v", "b"), open_case("c")])
    assert isinstance(bug, ZeroDivisionError)
    assert [type(answer) for answer in (first, last, elsewhere)] == [Outcome] * 3


async def test_unknown_own_event_makes_only_that_stream_unavailable(
    store: MemoryStore, clock: HandClock, executor: Executor
):
    await executor.submit(register("v"))
    await executor.submit(register("w"))
    document = store.journal[0].to_document()
    document["events"][0]["type"] = "support.volunteer_promoted.v9"
    store.replace(Commit.from_document(document))
    other = another(store, clock)
    async with running_in_memory(other):
        with pytest.raises(UnknownHistory):
            await other.submit(hold("v", "a"))
        assert (await other.submit(hold("w", "a"))).version == 2


async def test_input_that_leads_to_nothing_leaves_no_cause(executor: Executor, store: MemoryStore):
    await executor.submit(register("v"))
    outcome = await executor.submit(Submission(Noticed(named("v")), named("look")))
    assert (outcome.version, outcome.recorded) == (1, ())
    assert len(store.journal) == 1


async def test_recorded_at_never_runs_behind_the_stream(executor: Executor, store: MemoryStore, clock: HandClock):
    await executor.submit(register("v"))
    clock.advance(timedelta(hours=-1))
    await executor.submit(hold("v", "a"))
    assert store.journal[1].recorded_at == NOW


async def test_stream_keeps_the_scope_of_its_first_commit(executor: Executor, store: MemoryStore):
    await executor.submit(register("v"))
    elsewhere = hold("v", "a")
    object.__setattr__(elsewhere, "scope", None)
    await executor.submit(elsewhere)
    assert (store.journal[1].provider, store.journal[1].site) == ("nct", "halton")


async def test_new_stream_without_a_scope_is_a_bug_of_its_caller(executor: Executor):
    with pytest.raises(ValueError, match="scope"):
        await executor.submit(Submission(OpenCase(named("a")), named("c")))


async def test_event_over_its_limit_is_refused(store: MemoryStore, clock: HandClock):
    small = Executor("support", DECIDERS, store, clock, limits=ExecutorLimits(size=SizeLimits(event=20)))
    async with running_in_memory(small):
        with pytest.raises(TooLarge):
            await small.submit(open_case("a"))
    assert store.journal == []


async def test_full_commit_leaves_the_rest_for_the_next_one(store: MemoryStore, clock: HandClock):
    small = Executor("support", DECIDERS, store, clock, limits=ExecutorLimits(size=SizeLimits(commit=250)))
    async with running_in_memory(small):
        answers = await small.submit_all([register("v", cap=9), *(hold("v", f"c{n}") for n in range(6))])
    assert [answer.version for answer in answers if isinstance(answer, Outcome)] == [1, 2, 3, 4, 5, 6, 7]
    assert [len(commit.entries) for commit in store.journal] == [2, 3, 2]


async def test_full_queue_answers_overloaded_at_once(store: MemoryStore, clock: HandClock):
    limits = ExecutorLimits(queue=BatchLimits(queue=2))
    executor = Executor("support", DECIDERS, store, clock, limits=limits)
    waiting = [asyncio.create_task(executor.submit(open_case(str(n)))) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await executor.submit(open_case("one too many"))
    async with running_in_memory(executor):
        assert [outcome.version for outcome in await asyncio.gather(*waiting)] == [1, 1]


async def test_state_that_became_durable_is_told(store: MemoryStore, clock: HandClock):
    told: list[Settled] = []
    executor = Executor("support", DECIDERS, store, clock, after_commit=told.extend)
    async with running_in_memory(executor):
        await executor.submit(register("v", cap=5))
    assert [(one.version, one.state.cap, one.commit.id) for one in told] == [(1, 5, store.journal[0].id)]


async def test_stopping_tells_those_who_wait(store: MemoryStore, clock: HandClock):
    executor = Executor("support", DECIDERS, store, clock)
    store.down = True
    async with running_in_memory(executor):
        waiting = asyncio.create_task(executor.submit(open_case("a")))
        while not store.appends:
            await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await waiting
