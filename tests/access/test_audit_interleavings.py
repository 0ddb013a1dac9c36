"""Whatever order batches, failures, restarts and days come in: the log verifies, and has what it acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.audit.log import AuditLog
from shared.runtime.errors import Failure
from tests.access.audited import entry
from tests.access.log_world import World, world

pytestmark = pytest.mark.slow

Step = tuple[str, Any]
MOODS = st.one_of(
    st.tuples(st.just("lands"), st.just(0)),
    st.tuples(st.sampled_from(["lost", "late", "hangs"]), st.integers(0, 6)),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("notes"), st.integers(1, 6)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("tell"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("hours"), st.sampled_from([-30, -1, 16, 40])),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150)
@given(moods=st.lists(MOODS, max_size=12), steps=STEPS)
def test_any_interleaving_of_batches_and_unknown_outcomes_is_clean_and_has_what_was_acknowledged(moods, steps):
    with TemporaryDirectory() as folder:
        made = world(Path(folder), *moods)
        acknowledged = asyncio.run(_played(made, steps))

        found = made.check()
        assert found.faults == []
        assert acknowledged <= made.proven(found)


async def _played(made: World, steps: list[Step]) -> set[str]:
    """Do the steps and return the ids of the entries whose keeping was acknowledged."""
    count, keeping = 0, {}
    async with _restartable(made.log) as restart:
        for step, value in [*steps, ("restart", 0)]:
            if step == "notes":
                for _ in range(value):
                    count += 1
                    one = entry(count)
                    keeping[one.id] = asyncio.create_task(made.log.keep(one, within=5))
            elif step == "settle":
                await asyncio.wait(keeping.values(), timeout=0.005) if keeping else None
            elif step == "tell":
                await made.log.tell()
            elif step == "hours":
                made.clock.advance(timedelta(hours=value))
            else:
                await restart()
            await asyncio.sleep(0)
    answers = await asyncio.gather(*keeping.values(), return_exceptions=True)
    assert all(one is None or isinstance(one, Failure) for one in answers), answers
    return {id_ for id_, answer in zip(keeping, answers, strict=True) if answer is None}


@asynccontextmanager
async def _restartable(log: AuditLog) -> AsyncIterator[Callable[[], Any]]:
    """Runs the log; the function given stops it and starts it again, as a supervisor would."""
    task = asyncio.create_task(log.run())

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    async def restart() -> None:
        nonlocal task
        await stop()
        task = asyncio.create_task(log.run())
        await asyncio.sleep(0)

    yield restart
    await stop()
