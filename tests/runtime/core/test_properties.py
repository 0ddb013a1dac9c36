"""Whatever is doubled, replayed or shuffled between streams, the commits and views are the same."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.recorded import Recorded
from shared.runtime.batch import BatchLimits
from shared.runtime.commit import recorded
from shared.runtime.executor import Executor, ExecutorLimits
from shared.runtime.folding import ViewSpec, fold_document, own_fields
from shared.runtime.submission import Submission
from shared.testing.clock import HandClock
from shared.testing.memory import MemoryStore
from shared.testing.running import running_in_memory
from tests.runtime.core.shop import DECIDERS, NOW, hold, open_case, register

VOLUNTEERS = ("v", "w")
SCRIPT: dict[str, list[Submission]] = {
    **{name: [register(name, cap=2), *(hold(name, f"{name}{n}") for n in range(4))] for name in VOLUNTEERS},
    **{case: [open_case(case)] for case in ("x", "y", "z")},
}
"""Every stream's inputs in their order; only that order is promised to a stream."""

Facts = dict[str, list[tuple[str, str, str]]]


def run(make: Callable[[], Any]) -> Any:
    """Run a coroutine in a loop of its own: hypothesis is not asynchronous."""
    return asyncio.run(make())


def facts(store: MemoryStore) -> Facts:
    """What the journal says, stream by stream, whatever commit it stands in."""
    found: Facts = {}
    for commit in sorted(store.journal, key=lambda kept: kept.id):
        for event in recorded(commit):
            fact = (event.event.wire, str(event.cause), str(event.event_id))
            found.setdefault(commit.stream, []).append(fact)
    return found


async def play(batches: Sequence[Sequence[Submission]], *, lose: Collection[int] = ()) -> MemoryStore:
    """Submit batches to one executor over a fresh store; the answers of the appends in `lose` are lost."""
    store, clock = MemoryStore(), HandClock(NOW)
    executor = Executor("support", DECIDERS, store, clock, limits=ExecutorLimits(queue=BatchLimits(batch=5)))
    async with running_in_memory(executor):
        for number, batch in enumerate(batches):
            store.lost_answers = 1 if number in lose else 0
            await executor.submit_all(batch)
    return store


EXPECTED: Facts = facts(run(lambda: play(list(SCRIPT.values()))))


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Submission]]:
    """The script with streams interleaved anyhow, inputs doubled, and prefixes replayed from zero."""
    places = dict.fromkeys(SCRIPT, 0)
    given_so_far: list[Submission] = []
    flat: list[Submission] = []
    while any(places[stream] < len(inputs) for stream, inputs in SCRIPT.items()):
        stream = draw(st.sampled_from([name for name in SCRIPT if places[name] < len(SCRIPT[name])]))
        one = SCRIPT[stream][places[stream]]
        places[stream] += 1
        given_so_far.append(one)
        flat += [one] * draw(st.integers(1, 3))
        if draw(st.integers(0, 9)) == 0:
            flat += given_so_far
    return _cut(draw, flat)


def _cut(draw: st.DrawFn, flat: list[Submission]) -> list[list[Submission]]:
    batches, rest = [], flat
    while rest:
        size = draw(st.integers(1, 12))
        batches.append(rest[:size])
        rest = rest[size:]
    return batches


@settings(max_examples=60)
@given(deliveries(), st.sets(st.integers(0, 20), max_size=5))
def test_doubled_replayed_and_interleaved_inputs_give_the_same_commits(batches: list[list[Submission]], lose: set[int]):
    assert facts(run(lambda: play(batches, lose=lose))) == EXPECTED


def keys(event: Recorded) -> list[str]:
    return ["all"]


def project(view: dict[str, Any] | None, event: Recorded) -> dict[str, Any]:
    """Each source has its own part, so order between sources cannot matter."""
    mine = (view or {}).get(event.stream, [])
    return {**(view or {}), event.stream: [*mine, f"{event.version} {event.event.wire}"]}


SPEC = ViewSpec("all_v1", keys, project)


async def _events_by_source() -> dict[str, list[Recorded]]:
    found: dict[str, list[Recorded]] = {}
    for commit in (await play(list(SCRIPT.values()))).journal:
        for event in recorded(commit):
            found.setdefault(event.source, []).append(event)
    return found


BY_SOURCE = run(_events_by_source)


@st.composite
def heard(draw: st.DrawFn) -> list[Recorded]:
    """Events of the journal: in order per source, otherwise interleaved, doubled, replayed from zero."""
    sources = BY_SOURCE
    places = dict.fromkeys(sources, 0)
    flat: list[Recorded] = []
    while any(places[source] < len(events) for source, events in sources.items()):
        source = draw(st.sampled_from([name for name in sources if places[name] < len(sources[name])]))
        flat += [sources[source][places[source]]] * draw(st.integers(1, 2))
        places[source] += 1
        if draw(st.integers(0, 9)) == 0:
            flat += flat[:]
    return flat


@settings(max_examples=40)
@given(heard(), st.integers(1, 7))
def test_doubled_replayed_and_interleaved_events_give_the_same_view(events: list[Recorded], size: int):
    document: dict[str, Any] | None = None
    for start in range(0, len(events), size):
        document = fold_document(SPEC, "all", document, events[start : start + size], {}) or document
    expected = {
        source.removeprefix("/support/"): [f"{event.version} {event.event.wire}" for event in kept]
        for source, kept in BY_SOURCE.items()
    }
    assert document is not None
    assert own_fields(document) == expected
