"""What she agreed to: asked by a person, kept with its wording, hers to change at any time, obeyed at once."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.referral.adapters.consents import Consents, consent_routes
from services.referral.adapters.queries import Referrals
from services.referral.app import consent_rules, told
from services.referral.domain.commands import ChangeConsent, HearStanding
from services.referral.domain.standing import STATUSES
from services.referral.domain.state import Received
from shared.events.referral import ConsentChanged, ReferralWithdrawn
from shared.runtime.submission import Submission
from tests.referral.bodies import body, headers, message, post, resource, send
from tests.referral.cases import CASE, NOW, a_case, received
from tests.referral.world import World, staff

LPM = "project-manager/p-7"
RULES = consent_rules()
WORD = {"scope": "tell_waiting", "given": "yes", "how": "in_conversation"}


def change(given: Any = "yes", scope: str = "tell_waiting") -> ChangeConsent:
    """What somebody wrote down."""
    return ChangeConsent(CASE, scope, given, "in_conversation", RULES.version, LPM)


def changed(given: Any = "yes", scope: str = "tell_waiting") -> ConsentChanged:
    """What is kept of it."""
    return ConsentChanged(
        case=CASE, occurred_at=NOW, scope=scope, given=given, how="in_conversation", text_version=RULES.version, by=LPM
    )


def test_her_word_is_kept_once_with_the_wording_she_heard() -> None:  # S16
    assert a_case.given(received()).when(change(), now=NOW) == [changed()]
    assert a_case.given(received(), changed()).when(change(), now=NOW) == []


def test_she_may_change_her_mind_when_all_is_over() -> None:  # S15
    over = ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="her_wish")
    assert a_case.given(received(), changed(), over).when(change("no"), now=NOW) == [changed("no")]


def test_of_nobody_nothing_is_kept() -> None:
    assert a_case.when(change(), now=NOW).rejects("referral.unknown")


@given(st.lists(st.tuples(st.sampled_from(sorted(RULES.scopes)), st.sampled_from(["yes", "no", "not_asked"]))))
def test_her_last_word_on_each_scope_counts(said: list[tuple[str, str]]) -> None:
    state = a_case.given(received(), *(changed(answer, scope) for scope, answer in said)).state
    assert isinstance(state, Received)
    assert state.referral.consents == dict(said)


@given(st.dictionaries(st.sampled_from(sorted(RULES.scopes)), st.sampled_from(["no", "not_asked"])))
def test_without_a_yes_nothing_beyond_received_offered_closed_is_told(consents: dict[str, str]) -> None:  # S16
    assert {told().status_for(status, consents) for status in STATUSES} == {"received", "offered", "closed"}


async def record(
    intake: World, case: str, acting: str = LPM, key: str = "key-of-consent", **word: str
) -> httpx.Response:
    """Write down what she said, over HTTP."""
    said = staff(intake, acting, sites=["coventry-warwickshire", "halton", "newham"]) | {"Idempotency-Key": key}
    return await intake.client.post(f"/api/referrals/{case}/consents", json=WORD | word, headers=said)


@pytest.fixture
async def case(intake: World) -> str:
    """A referral for which support has begun; what it is asked through is there."""
    intake.app.include_router(consent_routes(Consents(intake.intake, Referrals(intake.executor), RULES)))
    found = str((await post(intake, body())).json()["id"])
    await intake.executor.submit(Submission(HearStanding(UUID(found), "supported", NOW), cause=UUID(int=9)))
    return found


async def test_a_referrer_hears_more_from_the_moment_she_agrees_and_no_more_when_she_does_not(
    intake: World, case: str
) -> None:  # S15, S16
    async def heard() -> dict[str, Any]:
        return dict((await intake.client.get(f"/api/referrals/{case}")).json())

    before = await heard()
    assert before["status"] == "offered"
    agreed = await record(intake, case, scope="tell_started")
    assert (agreed.status_code, agreed.json()["given"]) == (200, "yes")
    assert (await heard())["status"] == "supported"
    await record(intake, case, key="key-of-her-no", scope="tell_started", given="no")
    assert await heard() == before, "not even a number may say that something went on"
    shown = (await intake.client.get(f"/api/referrals/{case}", headers=staff(intake, LPM))).json()
    assert shown["consents"] == {"tell_started": "no"}


async def test_the_senders_own_consent_is_never_taken_for_hers(intake: World) -> None:  # S16
    answer = await send(intake, message(), headers())
    found = resource(answer.json(), "ServiceRequest")["id"]
    shown = (await intake.client.get(f"/api/referrals/{found}", headers=staff(intake, LPM))).json()
    assert shown["consents"] == {}
    assert len(shown["person"]["consent_of_sender"]) == 1


@pytest.mark.parametrize("wrong", [{"scope": "everything"}, {"how": "by_pigeon"}, {"given": "perhaps"}, {"more": "x"}])
async def test_what_is_not_in_the_data_is_refused_and_changes_nothing(intake: World, case: str, wrong: Any) -> None:
    refused = await record(intake, case, **wrong)
    assert refused.status_code in (400, 422)
    assert not [one for one in intake.events() if isinstance(one, ConsentChanged)]


async def test_another_sites_manager_and_the_sender_may_not_write_it_down(intake: World, case: str) -> None:
    said = staff(intake, LPM, sites=["stratford"]) | {"Idempotency-Key": "key-of-another"}
    url = f"/api/referrals/{case}/consents"
    assert (await intake.client.post(url, json=WORD, headers=said)).status_code == 404
    assert (await intake.client.post(url, json=WORD, headers={"Idempotency-Key": "key-of-sender"})).status_code == 403


async def test_sent_again_it_is_answered_alike_and_another_word_under_its_key_is_refused(
    intake: World, case: str
) -> None:
    first, again = [await record(intake, case) for _ in range(2)]
    assert first.json() == again.json()
    assert (await record(intake, case, given="no")).status_code == 422
