"""What intake decides: receiving, withdrawing, hearing others in any order, and keeping what was refused."""

from itertools import permutations
from uuid import UUID

import pytest

from services.referral.domain.commands import (
    HearStanding,
    KeepRefusedWorry,
    KeepUnreadable,
    RefuseRequest,
    WithdrawReferral,
)
from services.referral.domain.state import Closed, Offered, Received, Supported, Unknown, Waiting
from shared.events.codes import Baby
from shared.events.referral import (
    ReferralRefused,
    ReferralUnreadable,
    ReferralWithdrawn,
    Standing,
    StandingHeard,
)
from tests.referral.cases import (
    ABUSE_AT_HOME,
    CASE,
    NOW,
    a_case,
    a_refusal,
    a_request,
    flagged,
    receive,
    received,
    worry,
)

REFUSAL = UUID("0f6e1f5e-0000-4000-8000-0000000000ff")


def heard(standing: Standing) -> StandingHeard:
    """Another service's word, as it is kept."""
    return StandingHeard(case=CASE, occurred_at=NOW, status=standing)


def hear(standing: Standing) -> HearStanding:
    """Another service's word, as it comes in."""
    return HearStanding(case=CASE, standing=standing, happened_at=NOW)


def test_an_unknown_case_takes_a_referral() -> None:
    baby = Baby(kind="due", on=NOW.date())
    assert a_case.when(receive(baby=baby, conditions=("anxiety",), text_unread=True), now=NOW) == [
        received(baby=baby, conditions=("anxiety",), text_unread=True)
    ]


def test_a_referral_with_worries_flags_each_once_beside_its_signals() -> None:  # S1 S6
    one, two = worry(), worry(ABUSE_AT_HOME, "today")
    assert a_case.when(receive(worries=(one, two)), now=NOW) == [
        received(signals=(one.signal, two.signal)),
        flagged(one),
        flagged(two),
    ]


@pytest.mark.parametrize("programme", [None, "a-programme-nobody-runs"])
@pytest.mark.parametrize("baby", [None, Baby(kind="born", on=NOW.date().replace(year=2001))])
def test_a_referral_no_programme_fits_still_flags_its_worry(programme: str | None, baby: Baby | None) -> None:  # S1
    events = a_case.when(receive(programme=programme, baby=baby, worries=(worry(),)), now=NOW).events
    assert events[1:] == [flagged(worry())]


def test_a_received_case_takes_no_second_referral() -> None:
    assert a_case.given(received()).when(receive(), now=NOW).rejects("referral.already_received")


def test_a_received_case_can_be_withdrawn() -> None:
    assert a_case.given(received()).when(WithdrawReferral(CASE, "by_sender"), now=NOW) == [
        ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="by_sender")
    ]


def test_a_withdrawn_case_withdrawn_again_stays_quiet() -> None:
    past = a_case.given(received(), ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="by_sender"))
    assert past.when(WithdrawReferral(CASE, "by_sender"), now=NOW) == []


def test_a_case_others_ended_cannot_be_withdrawn() -> None:
    past = a_case.given(received(), heard("ended"))
    assert past.when(WithdrawReferral(CASE, "by_sender"), now=NOW).rejects("referral.already_closed")


def test_an_unknown_case_cannot_be_withdrawn() -> None:
    assert a_case.when(WithdrawReferral(CASE, "by_sender"), now=NOW).rejects("referral.unknown")


def test_a_word_about_an_unknown_case_is_kept_and_counts_once_the_referral_comes() -> None:
    assert a_case.when(hear("offered"), now=NOW) == [heard("offered")]

    waiting_for_it = a_case.given(heard("offered"))
    assert isinstance(waiting_for_it.state, Unknown)
    assert waiting_for_it.when(receive(), now=NOW) == [received()]
    assert isinstance(a_case.given(heard("offered"), received()).state, Offered)


def test_hearing_the_same_again_stays_quiet() -> None:
    assert a_case.given(received(), heard("waiting")).when(hear("waiting"), now=NOW) == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), Received),
        (("offered",), Offered),
        (("declined",), Closed),
        (("offered", "waiting"), Waiting),
        (("offered", "waiting", "supported"), Supported),
        (("offered", "supported", "waiting"), Waiting),  # a match ended, support goes on
        (("offered", "supported", "ended"), Closed),
    ],
)
def test_the_status_follows_what_triage_and_support_said(words: tuple[Standing, ...], status: type) -> None:
    assert isinstance(a_case.given(received(), *map(heard, words)).state, status)


def test_the_order_between_services_changes_nothing() -> None:
    # Kafka keeps the order of one source only: triage's word, support's words and the referral itself may interleave.
    support = (heard("waiting"), heard("supported"))
    states = {
        a_case.given(*order).state
        for order in permutations([received(), heard("offered"), *support])
        if order.index(support[0]) < order.index(support[1])
    }
    assert states == {a_case.given(received(), heard("offered"), *support).state}


def test_a_withdrawn_case_stays_closed_whatever_is_heard() -> None:
    withdrawn = ReferralWithdrawn(case=CASE, occurred_at=NOW, reason="by_her")
    assert isinstance(a_case.given(received(), withdrawn, heard("offered"), heard("supported")).state, Closed)


def test_a_request_refused_twice_keeps_its_first_refusal() -> None:
    first = RefuseRequest("RXX", "one", 400, "bars.bundle.type")
    kept = ReferralRefused(occurred_at=NOW, status=400, code="bars.bundle.type", organisation="RXX")
    assert a_request.when(first, now=NOW) == [kept]
    assert a_request.given(kept).when(RefuseRequest("RXX", "one", 422, "bars.version"), now=NOW) == []


def test_a_refused_message_with_a_worry_raises_it_once() -> None:  # S3 S27
    keep = KeepRefusedWorry(REFUSAL, "RXX", 422, "request.invalid", worry())
    fault = ReferralRefused(occurred_at=NOW, status=422, code="request.invalid", organisation="RXX")
    raised = [flagged(worry(), case=None), fault]
    assert a_refusal.when(keep, now=NOW) == raised
    assert a_refusal.given(*raised).when(keep, now=NOW) == []


def test_a_message_refused_again_with_another_worry_raises_that_one_too() -> None:  # S3
    keep = KeepRefusedWorry(REFUSAL, "RXX", 422, "request.invalid", worry(ABUSE_AT_HOME, "today"))
    past = a_refusal.given(flagged(worry(), case=None))
    assert past.when(keep, now=NOW).events[0] == flagged(worry(ABUSE_AT_HOME, "today"), case=None)


def test_an_unreadable_message_leaves_one_task() -> None:  # S27
    keep = KeepUnreadable(REFUSAL, "RXX", 400, "request.unreadable")
    task = ReferralUnreadable(occurred_at=NOW, status=400, code="request.unreadable", organisation="RXX")
    assert a_refusal.when(keep, now=NOW) == [task]
    assert a_refusal.given(task).when(keep, now=NOW) == []
