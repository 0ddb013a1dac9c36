"""Outcomes on a real MongoDB: what was heard, in batches and twice, comes out as the pilot's figures."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.outcomes.adapters.kafka import journeys_handler
from services.outcomes.app import Service, application
from services.outcomes.settings import Settings
from shared.testing.issuer import access_settings, bearer
from tests.outcomes.test_change import ANXIETY, DEPRESSION
from tests.outcomes.world import attendance, case_of, measured, referral

SITES = ("coventry-warwickshire", "halton", "newham")


class World:
    """Outcomes without Kafka: events are handed to its handler."""

    def __init__(self, service: Service, http: httpx.AsyncClient) -> None:
        self.hear, self.http = journeys_handler(service.views), http

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON answer."""
        return (await self.http.get(path, params=params)).json()


@pytest.fixture
async def world(mongo: str, database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """A running outcomes on a fresh database."""
    key = tmp_path / "master.key"
    key.write_bytes(b"k" * 32)
    access = access_settings(tmp_path, "outcomes")
    settings = Settings(mongo_url=mongo, database=database.name, kafka="127.0.0.1:1", key_file=key, **access)
    service = Service(settings)
    app = application(service, [service.access.audit])
    called = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://t", headers=bearer("safeguarding-manager/manager")
    )
    async with app.router.lifespan_context(app), called as http:
        yield World(service, http)
    await database.client.drop_database(f"{database.name}_audit")


def pilot() -> list[Any]:
    """260 referred, 182 supported, 103 followed up, with the pilot's HADS totals (R103 to R113)."""
    events = [attendance(number) for number in range(182)]
    for number, (anxiety, depression) in enumerate(zip(ANXIETY, DEPRESSION, strict=True)):
        events.append(measured(number, {"anxiety": anxiety[1], "depression": depression[1]}, day=90))
    for number in range(260):
        before = {"anxiety": ANXIETY[number][0], "depression": DEPRESSION[number][0]} if number < 103 else None
        events.append(referral(number, totals=before, site=SITES[number % 3]))
    return events


async def test_the_pilots_figures_come_out_whatever_came_first_or_twice(world):  # R103, R104, R110 to R113
    events = pilot()
    for batch in (events[:300], events[300:], events[200:]):
        assert await world.hear(batch) == [None] * len(batch)
    funnel = await world.get("/api/funnel")
    assert [(one["n"], one["of"], one["percent"]) for one in funnel["stages"]] == [
        (260, None, None),
        (182, 260, 70),
        (103, 182, 57),
    ]
    assert sum(stages[0]["n"] for stages in funnel["sites"].values()) == 260
    anxiety = await world.get("/api/change", instrument="HADS", scale="anxiety")
    assert (anxiety["n"], anxiety["mean_before"], anxiety["mean_after"], anxiety["mean_change"]) == (
        103,
        13.07,
        10.53,
        -2.53,
    )
    assert anxiety["p"] == "p<0.0001"
    assert (anxiety["band_before"], anxiety["band_after"]) == ("clinically_significant", "mild")
    assert anxiety["lower"] == {"n": 69, "of": 103, "percent": 67}
    depression = await world.get("/api/change", scale="depression")
    assert (depression["mean_before"], depression["mean_after"], depression["mean_change"]) == (8.8, 6.29, -2.5)
    page = (await world.http.get("/figures")).text
    assert all(text in page for text in ("182 of 260 (70%)", "103 of 182 (57%)", "-2.53", "p&lt;0.0001", "69 of 103"))
    assert " effect" not in page  # S31


async def test_too_few_people_get_no_mean(world):
    await world.hear([event for event in pilot() if event.event.case in {case_of(number) for number in range(7)}])
    answer = await world.get("/api/change")
    assert (answer["n"], answer["too_few"]) == (7, True)
    assert not any(name.startswith("mean") for name in answer)
    assert "Too few" in (await world.http.get("/figures")).text


async def test_an_earlier_date_shows_less(world):
    await world.hear([referral(1), attendance(1, day=10)])
    early = await world.get("/api/funnel", as_at="2026-01-10")
    assert [stage["n"] for stage in early["stages"]] == [1, 0, 0]
    unknown = await world.get("/api/funnel", known_at="2025-12-31")
    assert [stage["n"] for stage in unknown["stages"]] == [0, 0, 0]


async def test_a_journey_is_shown_by_service_and_an_unknown_one_is_not_found(world):
    await world.hear([referral(1), attendance(1)])
    found = await world.get(f"/api/journeys/{case_of(1)}")
    assert set(found["facts"]) == {"referral", "support"}
    assert (await world.http.get(f"/api/journeys/{case_of(2)}")).status_code == 404
    assert (await world.http.get("/api/change", params={"scale": "joy"})).status_code == 404
    assert (await world.http.get("/api/funnel", params={"as_at": "soon"})).status_code == 422
