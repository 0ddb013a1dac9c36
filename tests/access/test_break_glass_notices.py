"""Nobody reaches beyond her row without a notice that is given, however long safeguarding is away."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import AutoReconnect

from shared.access.glass.kept import BrokenGlass, UnknownReason
from shared.access.glass.telling import TellBrokenGlass
from shared.runtime.clock import new_id
from shared.runtime.errors import Unavailable
from shared.testing.clock import HandClock
from tests.access.test_break_glass import LIFE, NOW, REASON, person
from tests.runtime.messaging.test_push import proof, serving


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
async def glass(database: Any, clock: HandClock) -> BrokenGlass:
    made = BrokenGlass(database, clock)
    await made.ensure_indexes()
    return made


async def test_without_a_durable_notice_there_is_no_reach(glass: BrokenGlass) -> None:
    class Away:
        async def insert_one(self, _: Any) -> None:
            raise AutoReconnect

    kept, glass._kept = glass._kept, Away()  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await glass.begin(person(), REASON, new_id())
    glass._kept = kept

    assert await glass.of(person()) is None
    with pytest.raises(UnknownReason):
        await glass.begin(person(), "", new_id())


async def test_safeguarding_is_told_again_and_again_until_it_has_taken_it(glass: BrokenGlass, clock: HandClock) -> None:
    begun = await glass.begin(person(), REASON, new_id())
    async with serving() as safeguarding:
        safeguarding.answer = lambda _: 503
        telling = TellBrokenGlass("triage", glass, [safeguarding.url], proof)
        tried = []
        for _ in range(8):
            await telling.look()
            tried.append(len(safeguarding.requests))
            clock.advance(timedelta(seconds=1))
        await glass.end(person())
        safeguarding.answer = lambda _: 202
        clock.advance(timedelta(minutes=5))
        assert [await telling.look(), await telling.look()] == [1, 0]

    assert tried == [1, 2, 2, 3, 3, 3, 3, 4], "pauses of 1, 2 and 4 seconds"
    (body,) = safeguarding.bodies
    assert (body["id"], body["by"], body["reason"]) == (str(begun.id), "project-manager/x", REASON)
    assert "post /api/break-glass-notices " in safeguarding.requests[0]


async def test_a_notice_survives_the_process_that_made_it(glass: BrokenGlass, database: Any, clock: HandClock) -> None:
    await glass.begin(person(), REASON, UUID(int=1))
    clock.advance(LIFE * 2)
    async with serving() as safeguarding:
        another = BrokenGlass(database, clock)
        assert await TellBrokenGlass("triage", another, ["http://127.0.0.1:9", safeguarding.url], proof).look() == 1
