"""Asks the statistics worker, one process at a time, and remembers the answers it gave."""

import asyncio
import json
import sys
from collections import OrderedDict
from collections.abc import Sequence

from services.outcomes.adapters.statistics_worker import Tested

WORKER = "services.outcomes.adapters.statistics_worker"
PATIENCE_SECONDS = 30.0
REMEMBERED = 64


class WorkerFailed(Exception):
    """The worker ended without an answer."""


class Statistics:
    """Runs the paired t test elsewhere; the same differences are asked once."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._known: OrderedDict[tuple[int, ...], Tested] = OrderedDict()

    async def paired(self, differences: Sequence[int]) -> Tested:
        """95% interval and p of `differences`, in any order. Raises `WorkerFailed`."""
        asked = tuple(sorted(differences))
        async with self._one_at_a_time:
            if asked not in self._known:
                self._known[asked] = await _ask(asked)
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            return self._known[asked]


async def _ask(differences: Sequence[int]) -> Tested:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", WORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        question = json.dumps({"differences": list(differences)}).encode()
        answer, _ = await asyncio.wait_for(process.communicate(question), PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise WorkerFailed("no answer in time") from None
    if process.returncode != 0:
        raise WorkerFailed(f"ended with {process.returncode}")
    tested: Tested = json.loads(answer)
    return tested
