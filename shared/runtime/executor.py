"""The one way in: a batch of inputs becomes at most one commit per stream, in two round trips whatever the load."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from shared.runtime.batch import GroupCommit
from shared.runtime.clock import Clock
from shared.runtime.commit import Commit, recorded
from shared.runtime.decider import Decider
from shared.runtime.deciding import Answer, Decided, commit_of, decide_stream, outcomes_of
from shared.runtime.errors import Failure, KeyReused, Unavailable
from shared.runtime.head import Cache, Head, folded, unwritten
from shared.runtime.store import CommitStore, Refused
from shared.runtime.submission import Outcome, Scope, Submission

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExecutorLimits:
    """Inputs to a batch, inputs that may wait, streams remembered, and seconds a batch may go on trying (DESIGN 4)."""

    batch: int = 500
    queue: int = 2000
    cache: int = 10_000
    retry_for: float = 4.0


@dataclass(frozen=True, slots=True)
class Written:
    """A commit that was stored, and the state its stream is in after it."""

    commit: Commit
    state: Any


AfterCommit = Callable[[Sequence[Written]], Awaitable[None]]


class Executor:
    """Runs a service's deciders over batches of inputs; `run` is the loop that forms the batches."""

    def __init__(
        self,
        service: str,
        deciders: Iterable[Decider[Any, Any]],
        store: CommitStore,
        clock: Clock,
        *,
        epoch: int,
        after_commit: AfterCommit | None = None,
        limits: ExecutorLimits | None = None,
    ) -> None:
        self.name = "executor"
        self._service = service
        self._deciders: Mapping[str, Decider[Any, Any]] = {decider.kind: decider for decider in deciders}
        self._store = store
        self._clock = clock
        self._epoch = epoch
        self._after_commit = after_commit
        self._limits = limits or ExecutorLimits()
        self._cache = Cache(self._limits.cache)
        self._queue: GroupCommit[Submission, Outcome] = GroupCommit(
            "executor", self._take, largest=self._limits.batch, longest_queue=self._limits.queue
        )

    async def run(self) -> None:
        """Take batches until cancelled."""
        await self._queue.run()

    async def submit(self, submission: Submission, *, within: float = 4.0) -> Outcome:
        """Join the batch that forms and wait at most `within` seconds for its answer.

        Raises `Rejected`, `KeyReused`, `Overloaded`, `Unavailable` (outcome unknown), `UnknownHistory`.
        """
        try:
            return await asyncio.wait_for(self._queue.put(submission), within)
        except TimeoutError:
            raise Unavailable("not confirmed in time") from None

    async def submit_all(self, submissions: Sequence[Submission]) -> list[Outcome | Exception]:
        """Hand in a whole batch; every submission gets its outcome or its exception, in order."""
        answers = await asyncio.gather(*self._queue.put_all(submissions), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException) or isinstance(answer, Exception)]

    async def state(self, stream: str) -> tuple[Any, int]:
        """The stream's state and version, freshly read."""
        commits = await self._store.load([stream])
        head = folded(self.decider_of(stream), commits.get(stream, []))
        return head.state, head.version

    def decider_of(self, stream: str) -> Decider[Any, Any]:
        """The decider of the stream's kind."""
        return self._deciders[stream.split("/", 1)[0]]

    async def _take(self, batch: Sequence[Submission]) -> Sequence[Outcome | Exception]:
        repeats = find_repeats(batch)
        answers: dict[int, Answer] = {}
        waiting = [position for position in range(len(batch)) if position not in repeats]
        give_up, trust = time.monotonic() + self._limits.retry_for, True
        while waiting:
            try:
                answers |= await self._attempt(batch, waiting, trust_cache=trust)
            except Unavailable as unavailable:
                if time.monotonic() > give_up:
                    answers |= dict.fromkeys(waiting, unavailable)
            waiting = [position for position in waiting if position not in answers]
            if waiting and time.monotonic() > give_up:
                answers |= {position: Unavailable("too much contention") for position in waiting}
                break
            if waiting:
                trust = False
                await asyncio.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - jitter against writers in step
        for position, first in repeats.items():
            answers[position] = _as_repeat(batch[position], batch[first], answers[first])
        return [answers[position] for position in range(len(batch))]

    async def _attempt(
        self, batch: Sequence[Submission], waiting: list[int], *, trust_cache: bool
    ) -> dict[int, Answer]:
        streams: dict[str, list[tuple[int, Submission]]] = {}
        for position in waiting:
            streams.setdefault(batch[position].input.stream, []).append((position, batch[position]))
        answers: dict[int, Answer] = {}
        heads = {stream: self._remembered(stream, inputs, trust_cache) for stream, inputs in streams.items()}
        decided = self._decide(streams, {s: head for s, head in heads.items() if head is not None}, answers)
        unread = [stream for stream in streams if stream not in decided or decided[stream].doubtful]
        if unread:
            fresh = await self._read(unread, streams, answers)
            decided |= self._decide({stream: streams[stream] for stream in fresh}, fresh, answers)
            decided = {stream: one for stream, one in decided.items() if stream not in unread or stream in fresh}
        for one in decided.values():
            answers |= one.answers
        return answers | await self._write(batch, decided)

    def _remembered(self, stream: str, inputs: list[tuple[int, Submission]], trust_cache: bool) -> Head | None:
        if not trust_cache:
            return None
        head = self._cache.get(stream)
        if head is None and inputs[0][1].creates:
            head = unwritten(self.decider_of(stream))
        return head

    async def _read(
        self, unread: list[str], streams: Mapping[str, list[tuple[int, Submission]]], answers: dict[int, Answer]
    ) -> dict[str, Head]:
        loaded = await self._store.load(unread)
        heads: dict[str, Head] = {}
        for stream in unread:
            try:
                heads[stream] = folded(self.decider_of(stream), loaded.get(stream, []))
            except Failure as unknown:
                answers |= {position: unknown for position, _ in streams[stream]}
        return heads

    def _decide(
        self,
        streams: Mapping[str, list[tuple[int, Submission]]],
        heads: Mapping[str, Head],
        answers: Mapping[int, Answer],
    ) -> dict[str, Decided]:
        now = self._clock.now()
        return {
            stream: decide_stream(
                self.decider_of(stream), head, [pair for pair in streams[stream] if pair[0] not in answers], now=now
            )
            for stream, head in heads.items()
        }

    async def _write(self, batch: Sequence[Submission], decided: Mapping[str, Decided]) -> dict[int, Answer]:
        now = self._clock.now()
        commits = {s: commit_of(self._service, self._epoch, one, batch, now=now) for s, one in decided.items()}
        pending = [(stream, commit) for stream, commit in commits.items() if commit is not None]
        if not pending:
            return {}
        try:
            refusals = await self._store.append([commit for _, commit in pending])
        except Unavailable:
            for stream, _ in pending:
                self._cache.forget(stream)
            raise
        answers: dict[int, Answer] = {}
        written: list[Written] = []
        for (stream, commit), refused in zip(pending, refusals, strict=True):
            if refused is None:
                answers |= self._stored(decided[stream], commit)
                written.append(Written(commit, decided[stream].state))
            else:
                self._cache.forget(stream)
                answers |= await self._claimed_by_another(refused, batch, decided[stream])
        await self._tell(written)
        return answers

    def _stored(self, decided: Decided, commit: Commit) -> dict[int, Outcome]:
        scope = Scope(commit.provider, commit.site)
        self._cache.put(commit.stream, Head(decided.state, commit.last_version, scope, commit.recorded_at))
        return outcomes_of(decided, commit)

    async def _claimed_by_another(
        self, refused: Refused, batch: Sequence[Submission], decided: Decided
    ) -> dict[int, Answer]:
        if refused.kind != "claim":
            return {}
        winner = await self._store.claimed(refused.value)
        if winner is None:
            return {}
        losers = [position for position in decided.counts if refused.value in batch[position].claims]
        return {position: _answer_of_winner(winner, refused.value, batch[position]) for position in losers}

    async def _tell(self, written: Sequence[Written]) -> None:
        if self._after_commit is None or not written:
            return
        try:
            await self._after_commit(written)
        except Exception:
            log.warning("command.handled", outcome="hook_failed", exc_info=True)


def find_repeats(batch: Sequence[Submission]) -> dict[int, int]:
    """Positions whose cause or claim stands earlier in the batch, with the position of the first (DESIGN 2.3)."""
    seen: dict[Any, int] = {}
    repeats: dict[int, int] = {}
    for position, submission in enumerate(batch):
        marks: list[Any] = [(submission.input.stream, submission.cause), *submission.claims]
        first = next((seen[mark] for mark in marks if mark in seen), None)
        if first is not None:
            repeats[position] = first
            continue
        for mark in marks:
            seen[mark] = position
    return repeats


def _as_repeat(repeat: Submission, first: Submission, answer: Answer) -> Answer:
    if set(repeat.claims) & set(first.claims) and repeat.digest != first.digest:
        return KeyReused("this key was used for another request")
    return replace(answer, repeated=True) if isinstance(answer, Outcome) else answer


def _answer_of_winner(winner: Commit, claim: str, submission: Submission) -> Answer:
    if (winner.digests or {}).get(claim) != submission.digest:
        return KeyReused("this key was used for another request")
    events = recorded(winner)
    causes = {event.cause for event in events}
    cause = submission.cause if submission.cause in causes else events[0].cause
    mine = tuple(event for event in events if event.cause == cause)
    return Outcome(winner.stream, mine[-1].version, mine, repeated=True)
