"""A phone is forgotten once, whoever says so and however often."""  # S30

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.support.domain.phone.phone import KIND, ForgetPhone, NotOfThisStream, Remembered, decide, evolve
from shared.events.support import PhoneForgotten, TextReadHeard
from shared.runtime.decider import Decider
from shared.testing.scenario import Scenario

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PHONE = UUID(int=3)
a_phone = Scenario(Decider(kind=KIND, initial=Remembered(), decide=decide, evolve=evolve))
FORGOTTEN = PhoneForgotten(occurred_at=NOW, device=PHONE, by="project-manager/pm-1")


def test_a_phone_that_is_forgotten_is_said_to_be() -> None:
    assert a_phone.when(ForgetPhone(PHONE, "project-manager/pm-1"), now=NOW) == [FORGOTTEN]


def test_a_forgotten_phone_is_not_forgotten_again() -> None:
    assert a_phone.given(FORGOTTEN).when(ForgetPhone(PHONE, "volunteer/anna"), now=NOW) == []


def test_another_streams_event_is_never_folded() -> None:
    with pytest.raises(NotOfThisStream):
        evolve(Remembered(), TextReadHeard(occurred_at=NOW))
