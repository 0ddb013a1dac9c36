"""An organisation whose system is turned away is an alarm once, whatever its system does next (S27)."""

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.access.caller import VISITOR, Caller
from shared.access.turned_away import UNPROVED, TurnedAway
from shared.runtime.log import KEYS
from shared.testing.issuer import bearer
from tests.access.test_guard import Door, door  # noqa: F401 - a fixture
from tests.referral.bodies import headers, message
from tests.referral.world import a_trust, world

SYSTEM = Caller("system", "client-1", "referrer-system", "token", organisations=("RXX",))
PERSON = Caller("person", "p-1", "volunteer", "token")


@pytest.fixture
def logs() -> Iterator[list[dict[str, object]]]:
    """The alarms."""
    with capture_logs() as caught:
        yield caught  # type: ignore[misc]


def alarms(logs: list[dict[str, object]]) -> list[tuple[object, object]]:
    """Whom they are about."""
    return [(one["organisation"], one["status"]) for one in logs if one["event"] == "access.turned_away"]


def counted(status: int) -> float:
    """How many requests were counted."""
    return REGISTRY.get_sample_value("beside_systems_turned_away_total", {"status": str(status)}) or 0.0


def test_one_alarm_for_each_organisation_and_status_however_often_it_asks(logs) -> None:
    turned_away, before = TurnedAway(), counted(429)
    other = Caller("system", "client-2", "referrer-system", "token", organisations=("ZZX",))
    for _ in range(50):
        for caller in (SYSTEM, other):
            turned_away.note(caller, 429, "access.too_often", showed_token=True)
    turned_away.note(SYSTEM, 403, "access.not_allowed", showed_token=True)
    assert alarms(logs) == [("RXX", 429), ("ZZX", 429), ("RXX", 403)]
    assert counted(429) == before + 100
    assert {key for one in logs for key in one} <= KEYS | {"log_level"}


def test_it_is_said_again_when_that_is_due(logs) -> None:
    turned_away = TurnedAway(every=0.0)
    for _ in range(2):
        turned_away.note(SYSTEM, 403, "access.not_allowed", showed_token=True)
    assert alarms(logs) == [("RXX", 403)] * 2


def test_people_and_whoever_is_not_signed_in_are_no_alarm(logs) -> None:
    turned_away = TurnedAway()
    turned_away.note(PERSON, 403, "access.not_allowed", showed_token=True)
    turned_away.note(VISITOR, 401, "access.missing", showed_token=False)
    turned_away.note(SYSTEM, 404, "referral.unknown", showed_token=True)
    assert alarms(logs) == []


async def test_what_a_token_says_that_is_not_believed_is_not_repeated(door: Door, logs) -> None:  # noqa: F811
    header = bearer("referrer-system/loud", door.clock, organisations=["RXX"], iss="https://elsewhere.test")
    for _ in range(3):
        assert (await door.http.post("/send", headers=header)).status_code == 401
    assert alarms(logs) == [(UNPROVED, 401)]
    assert "RXX" not in str(logs)


async def test_a_message_in_another_organisations_name_is_an_alarm_about_whoever_sent_it(logs) -> None:
    async with world() as intake:
        url, proof = "/FHIR/R4/$process-message", a_trust(intake.clock, "ZZX")
        for number in range(2):
            answer = await intake.client.post(url, json=message(), headers=headers(request=number) | proof)
            assert answer.status_code == 401
    assert alarms(logs) == [("ZZX", 403)]
