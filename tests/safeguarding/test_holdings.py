"""Which cards are needed, asked for and erased, on a real MongoDB with a clock moved by hand."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.safeguarding.adapters.holdings import IN_SUPPORT, Holdings
from shared.runtime.durable import durable
from shared.testing.clock import HandClock
from tests.safeguarding.world import CASE, MONDAY_10

ONE, TWO = "concern/1", "concern/2"
OTHER = UUID("0b8f2f64-5d0e-4a57-9a1e-0000000000cb")
LATER = timedelta(minutes=1)


def doubled(attempt):
    return 2.0**attempt


@pytest.fixture
def clock():
    return HandClock(MONDAY_10)


@pytest.fixture
async def holdings(database, clock):
    made = Holdings(durable(database, "cards"), clock)
    await made.ensure_indexes()
    return made


async def leaving(holdings):
    return [subject for one in await holdings.leaving() for subject in one["leaving"]]


async def test_a_card_is_held_once_however_often_that_is_said_and_until_the_last_holder_goes(holdings):
    for holder in (ONE, ONE, TWO, IN_SUPPORT):
        await holdings.hold(CASE, holder)
    held = await holdings.of(CASE)
    for holder in (ONE, ONE, IN_SUPPORT):
        await holdings.release(CASE, holder)

    assert await holdings.of(CASE) == held
    assert await leaving(holdings) == []

    await holdings.release(CASE, TWO)
    assert await holdings.of(CASE) is None
    assert await leaving(holdings) == [held.subject]
    await holdings.left(CASE, [held.subject])
    assert await leaving(holdings) == []


async def test_a_case_that_is_held_again_has_another_subject_and_the_first_is_still_erased(holdings):
    await holdings.hold(CASE, ONE)
    first = await holdings.of(CASE)
    await holdings.release(CASE, ONE)
    await holdings.hold(CASE, TWO)
    second = await holdings.of(CASE)

    assert second.state == "wanted"
    assert second.subject != first.subject
    assert await leaving(holdings) == [first.subject]
    await holdings.release(CASE, TWO)
    assert set(await leaving(holdings)) == {first.subject, second.subject}


@pytest.mark.parametrize("ended_after", [timedelta(0), LATER, -LATER])
async def test_acceptance_and_end_may_be_heard_in_any_order(holdings, ended_after):
    accepted, ended = MONDAY_10, MONDAY_10 + ended_after
    await holdings.end(CASE, ended)
    await holdings.hold(CASE, IN_SUPPORT, unless_ended_since=accepted)
    ended_first = await holdings.of(CASE)
    await holdings.hold(OTHER, IN_SUPPORT, unless_ended_since=accepted)
    await holdings.end(OTHER, ended)

    assert (ended_first is None) == (ended >= accepted)
    assert await holdings.of(OTHER) is None


async def test_an_ended_case_is_still_held_for_its_concern(holdings):
    await holdings.hold(CASE, ONE)
    await holdings.hold(CASE, IN_SUPPORT, unless_ended_since=MONDAY_10)
    await holdings.end(CASE, MONDAY_10 + LATER)
    await holdings.hold(CASE, IN_SUPPORT, unless_ended_since=MONDAY_10)

    assert await holdings.of(CASE) is not None
    await holdings.release(CASE, ONE)
    assert await holdings.of(CASE) is None


async def test_a_missing_card_is_asked_for_at_once_and_then_with_growing_pauses(holdings, clock):
    await holdings.hold(CASE, ONE)
    asked_after = []
    for second in range(20):
        if await holdings.due(10, doubled):
            asked_after.append(second)
        clock.advance(timedelta(seconds=1))

    assert asked_after == [0, 2, 6, 14]


async def test_a_card_that_is_sealed_is_not_asked_for_and_one_that_left_cannot_be_sealed(holdings):
    await holdings.hold(CASE, ONE)
    holding = await holdings.of(CASE)
    assert await holdings.sealing(holding)
    await holdings.sealed(holding)
    await holdings.hold(CASE, TWO)

    assert (await holdings.of(CASE)).state == "kept"
    assert await holdings.due(10, doubled) == []
    for holder in (ONE, TWO):
        await holdings.release(CASE, holder)
    assert await holdings.sealing(holding) is None


async def test_no_more_are_asked_for_at_once_than_one_question_holds(holdings):
    for number in range(5):
        await holdings.hold(UUID(int=number), ONE)

    assert [len(await holdings.due(2, doubled)) for _ in range(4)] == [2, 2, 1, 0]
