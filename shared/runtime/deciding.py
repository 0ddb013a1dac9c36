"""One stream's share of a batch: its inputs decided in order, each on the state the one before left behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.refusal import Rejected
from shared.runtime.commit import Commit, Entry, entry_of, recorded
from shared.runtime.decider import Decider
from shared.runtime.errors import TooLarge
from shared.runtime.head import Head
from shared.runtime.submission import Outcome, Scope, Submission

LARGEST_EVENT = 256 * 1024
LARGEST_COMMIT = 4 * 1024 * 1024
UNASSIGNED = Scope("unassigned", "unassigned")

Answer = Outcome | Exception


@dataclass(slots=True)
class Decided:
    """What a stream's inputs came to: answers that need no commit, and the entries of those that do.

    `doubtful` says that a refusal or a "nothing to do" rests on a state that was not freshly read.
    `postponed` are inputs that no longer fit into one commit.
    """

    head: Head
    state: Any
    answers: dict[int, Answer] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    postponed: list[int] = field(default_factory=list)
    size: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether an answer rests on a remembered or assumed state."""
        return self.head.history is None and bool(self.answers)


def decide_stream(
    decider: Decider[Any, Any], head: Head, inputs: Sequence[tuple[int, Submission]], *, now: datetime
) -> Decided:
    """Decide `inputs` (position in the batch, submission) on `head`, folding as it goes."""
    decided = Decided(head, head.state)
    for position, submission in inputs:
        if decided.size > LARGEST_COMMIT // 2:
            decided.postponed.append(position)
        elif (taken := head.taken(submission.cause)) is not None:
            decided.answers[position] = Outcome(submission.input.stream, head.version, tuple(taken), repeated=True)
        else:
            _decide_one(decider, decided, position, submission, now)
    return decided


def _decide_one(
    decider: Decider[Any, Any], decided: Decided, position: int, submission: Submission, now: datetime
) -> None:
    try:
        events = decider.decide(submission.input, decided.state, now=now)
        entries = [entry_of(event, cause=submission.cause, correlation=submission.correlation) for event in events]
        size = sum(_size_of(entry) for entry in entries)
        state = decided.state
        for event in events:
            state = decider.evolve(state, event)
    except Rejected as refused:
        decided.answers[position] = refused
        return
    except Exception as broken:  # noqa: BLE001 - a broken rule fails its own input and nobody else's
        decided.answers[position] = broken
        return
    if not events:
        decided.answers[position] = Outcome(submission.input.stream, decided.head.version, ())
        return
    decided.state = state
    decided.entries += entries
    decided.events += events
    decided.counts[position] = len(events)
    decided.size += size


def _size_of(entry: Entry) -> int:
    size = len(orjson.dumps(entry.data))
    if size > LARGEST_EVENT:
        raise TooLarge(f"{entry.type} is larger than an event may be")
    return size


def commit_of(
    service: str, epoch: int, decided: Decided, batch: Sequence[Submission], *, now: datetime
) -> Commit | None:
    """The one document that keeps what the stream's inputs led to, or None where nothing happened."""
    if not decided.entries:
        return None
    taken = [batch[position] for position in decided.counts]
    scope = decided.head.scope or next((one.scope for one in taken if one.scope), UNASSIGNED)
    claims = tuple(claim for one in taken for claim in one.claims)
    digests = {claim: one.digest for one in taken if one.digest for claim in one.claims}
    return Commit(
        service=service,
        stream=taken[0].input.stream,
        version=decided.head.version + 1,
        epoch=epoch,
        provider=scope.provider,
        site=scope.site,
        causes=tuple(one.cause for one in taken),
        recorded_at=max(now, decided.head.recorded_at or now),
        entries=tuple(decided.entries),
        claims=claims,
        digests=digests or None,
    )


def outcomes_of(decided: Decided, commit: Commit) -> dict[int, Outcome]:
    """Each stored input's answer: its own events, in the order they stand in the commit."""
    events: list[Recorded] = recorded(commit, decided.events)
    answers, start = {}, 0
    for position, count in decided.counts.items():
        mine = tuple(events[start : start + count])
        answers[position] = Outcome(commit.stream, mine[-1].version, mine)
        start += count
    return answers
