"""The information-governance lead hears of every broken glass by mail, however long the mail server is away."""

from datetime import timedelta
from functools import partial
from uuid import uuid5

import pytest

from services.safeguarding.adapters.broken_glass import Notice, Notices
from shared.access.service_keys import for_service
from shared.events.ids import BESIDE
from shared.runtime.clock import SystemClock
from shared.runtime.durable import durable
from shared.testing.access import signer
from shared.testing.clock import HandClock
from shared.testing.issuer import bearer
from tests.safeguarding.conftest import Caught
from tests.safeguarding.polling import until
from tests.safeguarding.world import MONDAY_10

NOTICE = {
    "id": str(uuid5(BESIDE, "glass/1")),
    "service": "support",
    "by": "project-manager/8f62d196-0000-4000-8000-000000000001",
    "provider": "nct",
    "reason": "covering-a-colleague",
    "reason_in_words": "I cover for a colleague of another site",
    "begun_at": "2026-11-23T10:00:00+00:00",
    "ends_at": "2026-11-23T10:30:00+00:00",
}
PATH = "/api/break-glass-notices"
# A request to the database that is cut off when the service stops leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def as_triage():
    return {"Authorization": for_service(signer("triage", SystemClock()), "safeguarding")}


async def mailed(caught):
    return list(caught.pages)


async def test_a_notice_is_mailed_once_to_whom_it_concerns_and_names_no_record(world):
    caught = Caught()
    world.service.notices.use(caught)
    for _ in range(2):
        answer = await world.http.post(PATH, json=NOTICE, headers=as_triage())
        assert answer.status_code == 202, answer.text
    await until(partial(mailed, caught))
    ((to, mail),) = caught.pages

    assert to == "ig-lead"
    for said in (NOTICE["id"][:8], NOTICE["by"], "triage", NOTICE["reason_in_words"], "10:30am", "break-glass"):
        assert said in mail.body
    assert "support" not in mail.body, "the service is whoever signed, not what it says"
    assert world.mail.pages == [], "nobody on call is paged by it"


@pytest.mark.parametrize("acting", ["safeguarding-manager/m", "project-manager/p"])
async def test_nobody_but_a_service_hands_one_over(world, acting):
    answer = await world.http.post(PATH, json=NOTICE, headers=bearer(acting))
    assert answer.status_code == 403


@pytest.mark.parametrize("changes", [{"reason": "Mary's story"}, {"by": "x y"}, {"more": 1}, {"begun_at": "soon"}])
async def test_a_notice_that_says_more_than_codes_is_refused(world, changes):
    answer = await world.http.post(PATH, json=NOTICE | changes, headers=as_triage())
    assert answer.status_code == 422
    assert "Mary" not in answer.text


async def test_a_mail_that_fails_is_sent_again_with_growing_pauses_and_never_given_up(world, database):
    clock, caught = HandClock(MONDAY_10), Caught()
    caught.failing = 5
    notices = Notices(durable(database, "other_mails"), caught, world.service.rules.glass, clock)
    await notices.take(Notice.model_validate(NOTICE))
    tried = []
    for _ in range(17):
        left = caught.failing
        await notices.look()
        tried.append(left - caught.failing)
        clock.advance(timedelta(seconds=1))
    clock.advance(timedelta(days=2))

    assert tried == [1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert [await notices.look(), await notices.look()] == [1, 0]
