"""The whole demonstration with people nobody could mistake, then rubbish about them: they show in the vaults alone."""

import asyncio
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from rich.console import Console

from deploy.local.places import CHECKOUT
from deploy.local.testing import LocalStack, own_stack
from deploy.simulate.demo import tell
from deploy.simulate.referrals import Planned, plan
from deploy.simulate.stack import described
from deploy.simulate.testing import MadeTokens
from shared.events.fields import FIELDS
from shared.runtime.clock import SystemClock
from tests.faults.evidence import records
from tests.privacy.canaries import Canaries
from tests.privacy.rubbish import requests
from tests.privacy.sinks import Written, everything
from tests.runtime.messaging.made import sent, writer

DRILL = str(CHECKOUT / "services" / "safeguarding" / "rules" / "drill.yaml")
AT_ONCE = 8
MOST_ANSWERS = 6_000


GIVEN, FAMILY, PHONES = "Xanthippe", "Quillfeather", "07700 900"
NUMBERED = 40
"""So many people's NHS numbers are looked for; names, telephone numbers and postcodes are everybody's."""


def recognisable(planned: Planned, number: int) -> Planned:
    """The same referral, of a woman whose names nobody could mistake."""
    person = replace(planned.person, given=f"{GIVEN}{number}", family=f"{FAMILY}{number}-Test")
    return replace(planned, person=person)


def words_of(planned: list[Planned]) -> set[str]:
    """What must not show."""
    numbers = {one.person.nhs_number for one in planned[:NUMBERED]}
    return {GIVEN, FAMILY, PHONES, *numbers, *(one.person.postcode for one in planned)}


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose ladder climbs in seconds."""
    folder: Path = tmp_path_factory.mktemp("privacy")
    with own_stack(folder, settings={"SAFEGUARDING_LADDER_FILE": DRILL}) as running:
        yield running


async def refused(stack: LocalStack, planned: list[Planned]) -> list[Written]:
    """What the stack answers to rubbish about these people, as far as it is no success."""
    now, places = SystemClock().now(), asyncio.Semaphore(AT_ONCE)
    found: list[Written] = []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:

        async def ask(request: httpx.Request) -> None:
            async with places:
                answer = await client.send(request)
            if not answer.is_success:
                said = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
                found.append((f"{answer.status_code} of {request.url.path[:40]}", said + answer.content))

        asked = [request for one in planned for request in requests(stack, one, now)]
        assert len(asked) < MOST_ANSWERS
        await asyncio.gather(*map(ask, asked))
    return found


@pytest.mark.real
@pytest.mark.timeout(300)
@pytest.mark.parametrize("one_in", [pytest.param(1, marks=pytest.mark.campaign), 5], ids="one-in-{}".format)
async def test_nobody_shows_outside_the_vaults_and_every_field_on_kafka_is_allowed(
    drilled: LocalStack, one_in: int
) -> None:
    everybody = [recognisable(one, n) for n, one in enumerate(plan(7, SystemClock().now().date()))]
    planned = everybody[::-one_in][::-1]
    canaries = Canaries(words_of(planned))
    told = io.StringIO()
    await tell(described(drilled.folder), Console(file=told, width=120), planned, MadeTokens())
    answers = await refused(drilled, planned[:1])

    past_the_door = [place for place, _ in answers if place[:3] not in ("401", "403", "429")]
    assert len(past_the_door) > 500, "too little was refused for its silence to mean anything"
    seen = [("the demonstration's own words", told.getvalue().encode()), *answers, *(await everything(drilled))]
    assert {(place, word) for place, data in seen for word in canaries.found_in(data)} == set()
    assert await not_allowed(drilled) == set()
    assert await planted(drilled, planned[0].person.family, canaries) == {"log", "topic", "collection"}


async def not_allowed(stack: LocalStack) -> set[str]:
    """Fields on Kafka that the allow-list does not have; a score's key is an item's number or a scale's name."""
    found = {name for record in await records(stack.kafka) for name in _fields(json.loads(record.value))}
    return found - FIELDS.keys()


def _fields(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name not in ("items", "totals"):
                yield from _fields(inner)
    elif isinstance(value, list):
        for one in value:
            yield from _fields(one)


async def planted(stack: LocalStack, word: str, canaries: Canaries) -> set[str]:
    """The kinds of place in which a leak made on purpose is found."""
    with (stack.logs / "triage.log").open("a") as log:
        log.write(f'{{"event": "{word}"}}\n')
    async with writer(stack.kafka) as producer:
        event = sent("her")
        await producer.send_and_wait("outcomes.events", event.value, key=event.key, headers=[("ce_id", word.encode())])
    async with AsyncMongoClient[Any](stack.mongo) as client:
        await client["triage"]["planted"].insert_one({"reason": f"about {word}"})
    return {place.split()[0] for place, data in await everything(stack) if canaries.found_in(data)}
