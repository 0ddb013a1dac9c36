"""The services' own pages keep saying what they say, whatever an entry of the list has or lacks."""

import re

import httpx
import pytest
from fastapi import FastAPI

from shared.events.safeguarding import AnswerExpected, SafeguardingClosed
from tests.safeguarding.world import CASE, page, raised, taken
from tests.web.worlds import NOW, concern, evaluator, lead, outcomes, safeguarding

pytestmark = pytest.mark.slow

EXPECTED = AnswerExpected(case=CASE, occurred_at=NOW, answer_by=NOW)
CLOSED = SafeguardingClosed(case=CASE, occurred_at=NOW, reason="made-safe", actions=("spoke-with-her",))


async def text_of(app: FastAPI, path: str, headers: dict[str, str]) -> str:
    """The page, which must be one."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


def words(text: str) -> str:
    """A page without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


@pytest.mark.parametrize(
    "events", [[raised()], [raised(), EXPECTED], [raised(), page(NOW)], [raised(), page(NOW), taken()], [page(NOW)]]
)
async def test_the_lead_sees_every_open_concern_however_far_it_is(events):  # S21
    app = safeguarding([concern(7, *events), concern(8)])
    listed = words(await text_of(app, "/concerns", lead()))
    assert "8f62d007" in listed
    assert "8f62d008" in listed
    assert "2 open." in listed
    assert "I have it" in await text_of(app, f"/concerns/{concern(7)['id']}", lead())


async def test_a_closed_concern_has_nothing_to_take():
    text = await text_of(safeguarding([concern(7, raised(), CLOSED)]), f"/concerns/{concern(7)['id']}", lead())
    assert "I have it" not in text


async def test_no_title_of_the_leads_pages_says_what_this_is():  # S10
    app = safeguarding([concern(7)])
    for path in ("/concerns", f"/concerns/{concern(7)['id']}"):
        assert "<title>List</title>" in await text_of(app, path, lead())


async def test_the_list_that_many_keep_open_is_light_on_whoever_serves_it():
    text = await text_of(safeguarding([concern(number) for number in range(20)]), "/concerns", lead())
    assert len(text) < 30_000


async def test_the_figures_say_n_of_m_and_what_the_words_mean():
    text = words(await text_of(outcomes(), "/figures", evaluator()))
    for said in (
        "130 of 260 (50%)",
        "-2.53 (-3.26 to -1.81)",
        "p&lt;0.0001",
        "69 of 103 (67%)",
        "clinically significant",
    ):
        assert said in text
    assert "Anxiety: Too few" in words(await text_of(outcomes(7), "/figures", evaluator()))
