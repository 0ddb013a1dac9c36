"""What safeguarding decides about a concern: raised once, paged, taken, escalated, closed only with an action."""

from datetime import UTC, datetime, timedelta

import pytest

from services.safeguarding.domain.commands import NotePage
from shared.events.safeguarding import (
    AnswerExpected,
    LevelRaised,
    PageSent,
    SafeguardingClosed,
    SafeguardingEscalated,
)
from tests.safeguarding.world import (
    CASE,
    CONCERN,
    LADDER,
    MONDAY_10,
    NEXT,
    close,
    concern,
    page,
    raise_it,
    raised,
    take,
    taken,
    wake,
)

MINUTE = timedelta(minutes=1)
THREE_PM = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_a_now_worry_pages_at_once():  # S5
    assert concern.when(raise_it("now"), now=MONDAY_10) == [raised("now"), page(MONDAY_10)]


def test_a_today_worry_is_listed_and_pages_at_its_hour():  # S5
    listed = [raised("today"), AnswerExpected(case=CASE, occurred_at=MONDAY_10, answer_by=THREE_PM)]
    assert concern.when(raise_it("today"), now=MONDAY_10) == listed
    waiting = concern.given(*listed)
    assert waiting.due() == THREE_PM
    assert waiting.when(wake(THREE_PM), now=THREE_PM - MINUTE) == []
    assert waiting.when(wake(THREE_PM), now=THREE_PM) == [page(THREE_PM, reason="untaken_today")]


def test_a_history_worry_is_listed_and_pages_nobody():  # S5
    listed = concern.given(raised("history"))
    assert concern.when(raise_it("history"), now=MONDAY_10) == [raised("history")]
    assert listed.due() is None
    assert listed.when(wake(MONDAY_10), now=MONDAY_10 + timedelta(days=30)) == []


def test_the_same_signal_again_raises_and_pages_nothing():  # S6
    for past in ([page(MONDAY_10)], [taken()], [taken(), _closed()]):
        assert concern.given(raised(), *past).when(raise_it(), now=MONDAY_10 + MINUTE) == []


def test_the_same_signal_with_a_lower_level_never_lowers():  # S5
    assert concern.given(raised("now"), page(MONDAY_10)).when(raise_it("history"), now=MONDAY_10) == []


@pytest.mark.parametrize(
    "past", [[], [AnswerExpected(case=CASE, occurred_at=MONDAY_10, answer_by=THREE_PM)], [taken()]]
)
def test_the_same_signal_turned_urgent_pages(past):  # S5
    worse = LevelRaised(case=CASE, occurred_at=MONDAY_10, level="now")
    asked = concern.given(raised("today"), *past).when(raise_it("now"), now=MONDAY_10)
    assert asked == [worse, page(MONDAY_10, reason="level_raised")]


def test_a_paged_worry_turned_urgent_keeps_its_deadline():
    paged = concern.given(raised("today"), page(THREE_PM, reason="untaken_today"))
    assert paged.when(raise_it("now"), now=THREE_PM) == [LevelRaised(case=CASE, occurred_at=THREE_PM, level="now")]
    assert paged.due() == THREE_PM + 5 * MINUTE


def test_an_unanswered_page_escalates_to_the_next_rung():
    late = MONDAY_10 + 5 * MINUTE
    escalated = [
        SafeguardingEscalated(case=CASE, occurred_at=late, level=2),
        page(late, rung=2, reason="unanswered"),
        page(late, rung=2, role="backup", reason="unanswered"),
    ]
    paged = concern.given(raised(), page(MONDAY_10))
    assert paged.due() == late
    assert paged.when(wake(late), now=late - MINUTE) == []
    assert paged.when(wake(late), now=late) == escalated


def test_the_last_rung_is_asked_again_and_again():  # S25
    late = MONDAY_10 + 5 * MINUTE
    asked = concern.given(raised(), page(MONDAY_10), page(late, rung=2), page(late, rung=2, role="backup"))
    for round_ in range(1, 4):
        at = late + round_ * timedelta(minutes=10)
        again = [
            page(at, rung=2, role=role, reason="still_unanswered", within=timedelta(minutes=10))
            for role in ("primary", "backup")
        ]
        assert asked.when(wake(at), now=at) == again
        asked = asked.given(*again)


def test_acknowledging_stops_the_ladder_whenever_the_timer_fires():
    acknowledged = concern.given(raised(), page(MONDAY_10), taken())
    assert concern.given(raised(), page(MONDAY_10)).when(take(), now=MONDAY_10) == [taken()]
    assert acknowledged.when(wake(MONDAY_10 + 5 * MINUTE), now=MONDAY_10 + 5 * MINUTE) == []
    assert acknowledged.due() == NEXT


def test_silence_past_the_next_step_pages_again():  # S22
    silent = concern.given(raised(), page(MONDAY_10), taken())
    assert silent.when(wake(NEXT), now=NEXT) == [page(NEXT, reason="next_step_overdue")]


def test_acknowledging_twice_the_same_way_records_nothing():
    assert concern.given(raised(), taken()).when(take(), now=MONDAY_10) == []


def test_a_later_next_step_moves_the_date():
    later = NEXT + timedelta(hours=1)
    assert concern.given(raised(), taken()).when(take(next_at=later), now=MONDAY_10) == [taken(next_at=later)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (take(next_step="hope"), "safeguarding.unknown_next_step"),
        (take(next_at=MONDAY_10), "safeguarding.next_at_out_of_reach"),
        (take(next_at=MONDAY_10 + timedelta(hours=72, minutes=1)), "safeguarding.next_at_out_of_reach"),
    ],
)
def test_an_acknowledgement_without_a_real_next_step_is_refused(asked, code):  # S21
    assert concern.given(raised(), page(MONDAY_10)).when(asked, now=MONDAY_10).rejects(code)


@pytest.mark.parametrize(
    ("past", "asked", "code"),
    [
        ([], close(), "safeguarding.nobody_took_it"),
        ([taken()], close(actions=()), "safeguarding.action_missing"),
        ([taken()], close(actions=("nothing",)), "safeguarding.unknown_action"),
        ([taken()], close(reason="tired"), "safeguarding.unknown_reason"),
    ],
)
def test_closing_without_a_person_and_an_action_is_refused(past, asked, code):  # S22
    assert concern.given(raised(), page(MONDAY_10), *past).when(asked, now=MONDAY_10).rejects(code)


def test_a_taken_concern_closes_with_its_action_and_is_quiet_then():  # S22
    assert concern.given(raised(), taken()).when(close(), now=NEXT) == [_closed(NEXT)]
    closed = concern.given(raised(), taken(), _closed())
    assert closed.due() is None
    assert closed.when(wake(NEXT), now=NEXT + timedelta(days=9)) == []
    assert closed.when(take(), now=MONDAY_10).rejects("safeguarding.already_closed")
    assert closed.when(close(), now=MONDAY_10).rejects("safeguarding.already_closed")


def test_an_unknown_concern_is_not_found():
    assert concern.when(take(), now=MONDAY_10).rejects("safeguarding.no_such_concern")
    assert concern.when(close(), now=MONDAY_10).rejects("safeguarding.no_such_concern")
    assert concern.when(NotePage(CONCERN, 1, "primary", "email", True), now=MONDAY_10) == []


def test_a_sent_page_is_recorded_and_changes_no_deadline():
    paged = concern.given(raised(), page(MONDAY_10))
    sent = PageSent(case=CASE, occurred_at=MONDAY_10, ladder_level=1, role="primary", channel="email", delivered=True)
    assert paged.when(NotePage(CONCERN, 1, "primary", "email", True), now=MONDAY_10) == [sent]
    assert paged.given(sent).due() == paged.due()


def test_every_rung_and_list_of_the_shipped_ladder_is_said_to_be_a_default():
    assert LADDER.agreed is False
    assert LADDER.standing.endswith("(default, not agreed)")


def _closed(at=MONDAY_10):
    return SafeguardingClosed(case=CASE, occurred_at=at, reason="made-safe", actions=("spoke-with-her",))
