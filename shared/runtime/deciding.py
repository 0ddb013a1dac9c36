"""What one batch does to one stream, in memory: fold its history, decide its inputs on each other, shape the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.runtime.batch import AGAIN, Again
from shared.runtime.cache import Known
from shared.runtime.commit import Claim, Commit, Entry, recorded
from shared.runtime.decider import Decider
from shared.runtime.errors import KeyReused, TooLarge
from shared.runtime.submission import Outcome, Scope, Submission

Answer = Outcome | Exception | Again


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """Bytes of one event's data as JSON, and of all data in one commit (docs/design.md, Limits)."""

    event: int = 256 * 1024
    commit: int = 4_000_000


@dataclass(slots=True, eq=False)
class Asked:
    """A submission in the queue; `load` once it may not be decided from the cache any more."""

    submission: Submission
    stream: str
    load: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """A stream's past: what is known of it; with `fresh`, also where each of its inputs took effect."""

    known: Known
    fresh: bool = False
    taken: Mapping[UUID, Commit] = field(default_factory=dict)


UNREAD = Past(Known(None, 0, None, None))
"""Of a stream nobody has looked at yet."""


@dataclass(slots=True)
class Accepted:
    """An input whose events go into the commit."""

    index: int
    submission: Submission
    events: list[Event]


@dataclass(slots=True)
class Plan:
    """One stream's part of a batch: answers already certain, by index in the batch, and what is to be appended."""

    stream: str
    asked: list[tuple[int, Asked]] = field(default_factory=list)
    past: Past = UNREAD
    state: Any = None
    answers: dict[int, Answer] = field(default_factory=dict)
    accepted: list[Accepted] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    size: int = 0
    commit: Commit | None = None

    def begin(self, past: Past) -> None:
        """Decide from `past`, forgetting whatever was decided before."""
        self.past, self.state, self.size = past, past.known.state, 0
        self.answers.clear()
        self.accepted.clear()
        self.entries.clear()

    @property
    def next_version(self) -> int:
        """The version the next event gets."""
        return self.past.known.version + len(self.entries) + 1

    def try_again(self) -> None:
        """Take back every answer: each may rest on events that were not appended."""
        for index, asked in self.asked:
            asked.load = True
            self.answers[index] = AGAIN


def past_of(decider: Decider[Any, Any], commits: Sequence[Commit]) -> Past:
    """Fold a loaded stream. Raises `UnknownHistory`."""
    state, taken = decider.initial, {}
    for commit in commits:
        for kept in recorded(commit):
            state = decider.evolve(state, kept.event)
        taken.update(dict.fromkeys(commit.causes, commit))
    if not commits:
        return Past(Known(state, 0, None, None), fresh=True)
    last = commits[-1]
    scope = Scope(commits[0].provider, commits[0].site)
    return Past(Known(state, last.last_version, last.recorded_at, scope), fresh=True, taken=taken)


def decide_all(decider: Decider[Any, Any], past: Past, plan: Plan, *, now: datetime, limits: SizeLimits) -> bool:
    """Decide every input of a plan in order, each on what the ones before it led to.

    False when an input is refused or leads to nothing on a past that is not fresh: that answer may rest on a stale
    state or repeat an earlier input, so all are to be decided again on a loaded one.
    """
    plan.begin(past)
    for position, (index, one) in enumerate(plan.asked):
        if plan.size >= limits.commit:
            _postpone(plan, plan.asked[position:])
            break
        answer = _before(past, one.submission) or _decide(decider, plan, index, one.submission, now, limits)
        if answer is None:
            continue
        if not past.fresh:
            return False
        plan.answers[index] = answer
    return True


def _postpone(plan: Plan, rest: list[tuple[int, Asked]]) -> None:
    """The commit is full: what is left goes into the next one."""
    plan.answers.update((index, AGAIN) for index, _ in rest)


def _before(past: Past, submission: Submission) -> Answer | None:
    """The answer an input got when it took effect, if it did."""
    commit = past.taken.get(submission.cause)
    return repeat_of(commit, submission.cause, submission.digest) if commit else None


def repeat_of(commit: Commit, cause: UUID, digest: str | None) -> Outcome | KeyReused:
    """What the input `cause` led to in `commit`; `KeyReused` when it was claimed for a different request."""
    if any(claim.cause == cause and claim.digest != digest for claim in commit.claims):
        return KeyReused()
    events = tuple(kept for kept in recorded(commit) if kept.cause == cause)
    return Outcome(commit.stream, events[-1].version, events, repeated=True)


def _decide(
    decider: Decider[Any, Any], plan: Plan, index: int, submission: Submission, now: datetime, limits: SizeLimits
) -> Answer | None:
    """Decide one input; None when its events were added to the plan. A bug in the core fails this input alone."""
    moment = max(now, submission.not_before) if submission.not_before else now
    try:
        events = decider.decide(submission.input, plan.state, now=moment)
        if not events:
            return Outcome(plan.stream, plan.next_version - 1, ())
        if plan.past.known.scope is None and not plan.accepted and submission.scope is None:
            raise ValueError("the first input of a stream must carry its scope")
        state = plan.state
        for event in events:
            state = decider.evolve(state, event)
        entries, size = _entries(events, submission, limits)
    except Exception as failure:  # noqa: BLE001 - refusals and bugs alike are this caller's answer
        return failure
    if plan.entries and plan.size + size > limits.commit:
        plan.size = limits.commit
        return AGAIN
    plan.state, plan.size = state, plan.size + size
    plan.entries += entries
    plan.accepted.append(Accepted(index, submission, events))
    return None


def _entries(events: list[Event], submission: Submission, limits: SizeLimits) -> tuple[list[Entry], int]:
    entries, total = [], 0
    for event in events:
        data = event.data()
        size = len(orjson.dumps(data))
        if size > limits.event:
            raise TooLarge(f"{event.wire} is larger than {limits.event} bytes")
        total += size
        entries.append(Entry(event.wire, event.case, event.occurred_at, submission.cause, submission.correlation, data))
    if total > limits.commit:
        raise TooLarge(f"more than {limits.commit} bytes at once")
    return entries, total


def shape_commit(plan: Plan, *, service: str, epoch: int, now: datetime) -> Commit:
    """The commit of a plan that has events; its time never runs behind the stream's last one."""
    known = plan.past.known
    scope = known.scope or plan.accepted[0].submission.scope
    assert scope is not None
    last = known.recorded_at
    commit = Commit(
        stream=plan.stream,
        version=known.version + 1,
        epoch=epoch,
        service=service,
        provider=scope.provider,
        site=scope.site,
        causes=tuple(one.submission.cause for one in plan.accepted),
        claims=tuple(
            Claim(value, one.submission.cause, one.submission.digest)
            for one in plan.accepted
            for value in one.submission.claims
        ),
        recorded_at=now if last is None or now >= last else last,
        entries=tuple(plan.entries),
        _events=[event for one in plan.accepted for event in one.events],
    )
    plan.commit = commit
    return commit


def appended(plan: Plan) -> Known:
    """Answer the inputs of a plan whose commit is durable; returns what is now known of the stream."""
    commit = plan.commit
    assert commit is not None
    start = 0
    for one in plan.accepted:
        end = start + len(one.events)
        plan.answers[one.index] = Outcome(plan.stream, commit.version + end - 1, partial(_part, commit, start, end))
        start = end
    return Known(plan.state, commit.last_version, commit.recorded_at, Scope(commit.provider, commit.site))


def _part(commit: Commit, start: int, end: int) -> tuple[Recorded, ...]:
    return tuple(recorded(commit)[start:end])
