"""What follows elsewhere from an event: the tail submits it under a cause computed from it, so it happens once."""

from collections.abc import Callable, Iterator, Sequence

import structlog

from shared.events.ids import reaction_cause
from shared.events.recorded import Recorded
from shared.events.refusal import Rejected
from shared.runtime.aside import CouldNotHandle
from shared.runtime.commit import Commit, recorded
from shared.runtime.decider import Input
from shared.runtime.executor import Executor
from shared.runtime.submission import Scope, Submission

log = structlog.get_logger()

React = Callable[[Recorded], Sequence[Input]]


def submissions_from(event: Recorded, inputs: Sequence[Input]) -> list[Submission]:
    """What `event` leads to, ready for an executor: the same event gives the same causes, however often it is seen."""
    return [
        Submission(
            input=asked,
            cause=reaction_cause(event.event_id, asked.stream, type(asked).__name__, index),
            scope=Scope(event.provider, event.site),
            correlation=event.correlation,
        )
        for index, asked in enumerate(inputs)
    ]


class Reactions:
    """A follower's handler: runs `react` over every event and submits what it names, patiently.

    A refusal is the target stream's decision and final. A bug, or a target that cannot be folded here, puts that
    commit aside to be tried again; it never holds back the others.
    """

    def __init__(self, executor: Executor, react: React) -> None:
        self._executor = executor
        self._react = react

    async def __call__(self, commits: list[Commit]) -> None:
        """React to every event of `commits`. Raises `CouldNotHandle` naming those whose reactions failed."""
        failed: dict[str, Commit] = {}
        asked = [(commit, one) for commit in commits for one in self._follow(commit, failed)]
        answers = await self._executor.submit_all([one for _, one in asked])
        for (commit, one), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Rejected):
                log.warning("reaction.rejected", stream=one.input.stream, error_code=answer.code)
            elif isinstance(answer, Exception):
                log.error("reaction.failed", stream=one.input.stream, error_code=type(answer).__name__)
                failed[commit.id] = commit
        if failed:
            raise CouldNotHandle(list(failed.values()), "reaction_failed")

    def _follow(self, commit: Commit, failed: dict[str, Commit]) -> Iterator[Submission]:
        for event in recorded(commit):
            try:
                yield from submissions_from(event, self._react(event))
            except Exception:
                log.exception("reaction.failed", stream=commit.stream, version=event.version)
                failed[commit.id] = commit
