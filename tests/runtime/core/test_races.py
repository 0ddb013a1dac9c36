"""Racing writers on a real MongoDB: the cap of a stream holds, nothing is lost, nothing torn."""

import asyncio

from shared.events.refusal import Rejected
from shared.runtime.submission import Outcome
from tests.runtime.core.shop import hold, named, open_case, register
from tests.runtime.core.world import Database, service

CAP = 7


async def test_1000_racing_holds_on_two_instances_never_exceed_a_cap(database: Database):
    volunteers = ("v", "w", "x", "y")
    async with service(database) as one, service(database) as two:
        await one.submit_all([register(name, cap=CAP) for name in volunteers])
        asked = [hold(volunteers[n % 4], f"case {n}") for n in range(1_000)]
        answers = await asyncio.gather(
            *((one, two)[n % 2].submit(each, within=60) for n, each in enumerate(asked)), return_exceptions=True
        )
        states = [await one.state(f"volunteer/{named(name)}") for name in volunteers]
    assert [(len(state.held), version) for state, version in states] == [(CAP, CAP + 1)] * 4
    assert sum(isinstance(answer, Outcome) for answer in answers) == 4 * CAP
    assert {answer.code for answer in answers if isinstance(answer, Rejected)} == {"volunteer.full"}
    assert sum(isinstance(answer, Rejected) for answer in answers) == 1_000 - 4 * CAP


async def test_racing_repeats_of_one_input_take_effect_once(database: Database):
    async with service(database) as one, service(database) as two:
        answers = await asyncio.gather(*((one, two)[n % 2].submit(open_case("a"), within=30) for n in range(200)))
        assert await database["commits"].count_documents({}) == 1
    assert len({answer.recorded for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) <= 1


async def test_racing_claims_have_one_winner_and_everyone_gets_its_answer(database: Database):
    async with service(database) as one, service(database) as two:
        asked = [open_case(f"case {n}", claims=("key/one",), digest="same") for n in range(100)]
        answers = await asyncio.gather(*((one, two)[n % 2].submit(each, within=30) for n, each in enumerate(asked)))
        assert await database["commits"].count_documents({}) == 1
    assert len({answer.stream for answer in answers}) == 1


async def test_versions_have_no_gap_after_a_race(database: Database):
    async with service(database) as one, service(database) as two:
        await one.submit(register("v", cap=300))
        await asyncio.gather(*((one, two)[n % 2].submit(hold("v", f"{n}"), within=60) for n in range(300)))
        commits = await database["commits"].find().sort("_id", 1).to_list()
    versions = [commit["version"] + offset for commit in commits for offset in range(len(commit["events"]))]
    assert versions == list(range(1, 302))
