"""How events of other services become inputs of this one: translated, submitted together, each answered."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.events.recorded import Recorded
from shared.runtime.decider import Input
from shared.runtime.executor import Executor
from shared.runtime.reactions import submissions_from
from shared.runtime.record import Handle
from shared.runtime.submission import Submission

ToInputs = Callable[[Recorded], Sequence[Input]]


def inputs_handler(executor: Executor, to_inputs: ToInputs, *, begins: tuple[type[Input], ...] = ()) -> Handle:
    """A consumer's handler that submits what each event means here; same event, same causes, effect once.

    `begins`: kinds of input that are nearly always the first of their stream, so that it is not looked for before. One
    that finds its stream there after all is refused by the journal and decided again, loaded.
    """

    async def handle(events: list[Recorded]) -> list[Exception | None]:
        answers: list[Exception | None] = [None] * len(events)
        asked: list[tuple[int, Submission]] = []
        for index, event in enumerate(events):
            try:
                meant = submissions_from(event, to_inputs(event))
                asked += [(index, replace(one, creates=isinstance(one.input, begins))) for one in meant]
            except Exception as bug:  # noqa: BLE001 - this event waits for a person, the others go on
                answers[index] = bug
        outcomes = await executor.submit_all([submission for _, submission in asked])
        for (index, _), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Exception) and answers[index] is None:
                answers[index] = outcome
        return answers

    return handle
