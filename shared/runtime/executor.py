"""The one way to change anything: one load, decisions in memory, one append (docs/design.md, The batch is the way)."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.runtime.batch import BatchLimits, GroupCommit
from shared.runtime.cache import Known, StateCache
from shared.runtime.clock import Clock
from shared.runtime.commit import Commit
from shared.runtime.decider import Decider
from shared.runtime.deciding import (
    UNREAD,
    Answer,
    Asked,
    Past,
    Plan,
    SizeLimits,
    appended,
    decide_all,
    past_of,
    repeat_of,
    shape_commit,
)
from shared.runtime.errors import JournalBehind, Unavailable
from shared.runtime.journal import Journal, Unbroken
from shared.runtime.repeats import follow, leaders
from shared.runtime.store import CommitStore, Refused
from shared.runtime.submission import Outcome, Submission


@dataclass(frozen=True, slots=True)
class ExecutorLimits:
    """Queue and batch, sizes in bytes, and how many streams' states are kept in memory (docs/design.md, Limits)."""

    queue: BatchLimits = field(default_factory=lambda: BatchLimits(flights=2))
    size: SizeLimits = field(default_factory=SizeLimits)
    cached_streams: int = 2_000


@dataclass(frozen=True, slots=True)
class Settled:
    """A stream right after one of its commits became durable."""

    stream: str
    version: int
    state: Any
    commit: Commit


AfterCommit = Callable[[Sequence[Settled]], None]
"""Told of every batch that became durable, before its callers are answered: must not wait and must not fail."""


class Executor:
    """Decides every input of one service and appends what follows. A Part: nothing moves unless `run` runs."""

    def __init__(
        self,
        service: str,
        deciders: Iterable[Decider[Any, Any]],
        store: CommitStore,
        clock: Clock,
        *,
        journal: Journal | None = None,
        after_commit: AfterCommit | None = None,
        limits: ExecutorLimits | None = None,
    ) -> None:
        self.name = "executor"
        self.service = service
        self.deciders = {decider.kind: decider for decider in deciders}
        self._store = store
        self._clock = clock
        self._journal = journal or Unbroken()
        self._after_commit = after_commit
        self._limits = limits or ExecutorLimits()
        self._cache = StateCache(self._limits.cached_streams)
        self._queue: GroupCommit[Asked, Outcome] = GroupCommit(
            self._work, limits=self._limits.queue, lane=lambda asked: asked.stream
        )

    async def run(self) -> None:
        """Run batches until cancelled."""
        await self._queue.run()

    async def submit(self, submission: Submission, *, within: float = 4.0) -> Outcome:
        """Decide one input somebody waits for, within so many seconds.

        Raises `Rejected` (the core said no), `Overloaded`, `Unavailable` (outcome unknown: send the same again),
        `JournalBehind`, `KeyReused`, `UnknownHistory`, or whatever a bug in the core raised.
        """
        if not self._journal.takes(submission.input.stream):
            raise JournalBehind
        return await self._queue.submit(Asked(submission, submission.input.stream), within=within)

    async def submit_all(self, submissions: Iterable[Submission]) -> list[Outcome | Exception]:
        """Decide inputs nobody waits for, in order, however long the database takes; answers in the same order."""
        asked = [Asked(one, one.input.stream) for one in submissions]
        taken = [self._journal.takes(one.stream) for one in asked]
        futures = self._queue.enqueue([one for one, may in zip(asked, taken, strict=True) if may])
        if futures:
            await asyncio.wait(futures)
        answers = iter(futures)
        return [_answer(next(answers)) if may else JournalBehind() for may in taken]

    async def state(self, stream: str) -> tuple[Any, int]:
        """The stream's state and version as the journal has them. Raises `UnknownHistory`, `Unavailable`."""
        known = (await self.states([stream]))[stream]
        if isinstance(known, Exception):
            raise known
        return known.state, known.version

    async def states(self, streams: Collection[str]) -> dict[str, Known | Exception]:
        """What the journal has of each stream, with one load; a stream that cannot be folded has its error."""
        found: dict[str, Known | Exception] = {}
        for stream, commits in (await self._store.load(streams)).items():
            try:
                found[stream] = past_of(self.decider_of(stream), commits).known
            except Exception as failure:  # noqa: BLE001 - one stream that cannot be folded must not hide the others
                found[stream] = failure
        return found

    def decider_of(self, stream: str) -> Decider[Any, Any]:
        """The decider of a stream's kind. Raises `LookupError` when this service has none."""
        kind = stream.partition("/")[0]
        if kind not in self.deciders:
            raise LookupError(f"{self.service} decides no {kind}")
        return self.deciders[kind]

    async def _work(self, asked: list[Asked]) -> list[Answer]:
        """Decide one batch. When the store's answer is lost, all of it is decided again on loaded streams."""
        repeats = leaders(asked)
        plans: dict[str, Plan] = {}
        for index, one in enumerate(asked):
            if index not in repeats:
                plan = plans.get(one.stream)
                if plan is None:
                    plan = plans[one.stream] = Plan(one.stream)
                plan.asked.append((index, one))
        try:
            await self._plan(plans)
            await self._append([plan for plan in plans.values() if plan.entries])
        except Unavailable:
            for plan in plans.values():
                self._again(plan)
        answers = {index: answer for plan in plans.values() for index, answer in plan.answers.items()}
        for index, first in repeats.items():
            answers[index] = follow(asked[index], asked[first], answers[first])
        return [answers[index] for index in range(len(asked))]

    async def _plan(self, plans: dict[str, Plan]) -> None:
        """Decide every stream; the ones that need their history are loaded together, at most twice."""
        unloaded = [stream for stream, plan in plans.items() if self._must_load(plan)]
        loaded = await self._store.load(unloaded) if unloaded else {}
        now = self._clock.now()
        stale = [stream for stream, plan in plans.items() if not self._decide(plan, loaded.get(stream), now)]
        if stale:
            loaded = await self._store.load(stale)
            for stream in stale:
                self._decide(plans[stream], loaded[stream], now)

    def _must_load(self, plan: Plan) -> bool:
        if any(one.load for _, one in plan.asked):
            return True
        return not plan.asked[0][1].submission.creates and self._cache.get(plan.stream) is None

    def _decide(self, plan: Plan, commits: list[Commit] | None, now: datetime) -> bool:
        """Decide one stream; False when that needs a loaded past. A past that cannot be folded fails the stream."""
        try:
            decider = self.decider_of(plan.stream)
            past = self._past(decider, plan.stream, commits)
            return decide_all(decider, past, plan, now=now, limits=self._limits.size)
        except Exception as failure:  # noqa: BLE001 - this stream's callers get it; other streams go on
            plan.begin(UNREAD)
            plan.answers.update((index, failure) for index, _ in plan.asked)
            return True

    def _past(self, decider: Decider[Any, Any], stream: str, commits: list[Commit] | None) -> Past:
        if commits is not None:
            past = past_of(decider, commits)
            self._cache.put(stream, past.known)
            return past
        return Past(self._cache.get(stream) or Known(decider.initial, 0, None, None))

    async def _append(self, plans: Sequence[Plan]) -> None:
        if not plans:
            return
        now = self._clock.now()
        commits = [shape_commit(plan, service=self.service, epoch=self._journal.epoch, now=now) for plan in plans]
        refusals = await self._store.append(commits)
        settled = []
        for plan, commit, refused in zip(plans, commits, refusals, strict=True):
            if refused is None:
                known = appended(plan)
                self._cache.put(plan.stream, known)
                settled.append(Settled(plan.stream, known.version, known.state, commit))
            else:
                await self._refused(plan, refused)
        if settled and self._after_commit:
            self._after_commit(settled)

    async def _refused(self, plan: Plan, refused: Refused) -> None:
        """Another commit was first: decide again; an input whose claim is taken gets the winner's answer instead."""
        self._again(plan)
        if refused.kind != "claim":
            return
        winner = await self._store.claimed(refused.value)
        if winner is None:
            return
        cause = next(claim.cause for claim in winner.claims if claim.value == refused.value)
        for one in plan.accepted:
            if refused.value in one.submission.claims:
                plan.answers[one.index] = _claimed_before(winner, cause, one.submission)

    def _again(self, plan: Plan) -> None:
        self._cache.drop(plan.stream)
        plan.try_again()


def _answer(future: "asyncio.Future[Outcome]") -> Outcome | Exception:
    return future.exception() or future.result()  # type: ignore[return-value]


def _claimed_before(winner: Commit, cause: Any, submission: Submission) -> Answer:
    try:
        return repeat_of(winner, cause, submission.digest)
    except Exception as failure:  # noqa: BLE001 - the winner's history may be newer than this instance
        return failure
