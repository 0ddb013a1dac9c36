"""Whatever comes in whatever order: no exception, no lost worry, no open concern that nobody waits for."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.safeguarding.domain.decide import URGENCY
from services.safeguarding.domain.state import Acknowledged, Closed, Expected, NotRaised, Paged, due
from shared.events.refusal import Rejected
from shared.events.safeguarding import SafeguardingRaised
from tests.safeguarding.world import CONCERNS, MONDAY_10, STREAM, close, raise_it, take, wake

ASKED = st.sampled_from(["now", "today", "history", "take", "close", "wake"])


def _input(name, now):
    match name:
        case "take":
            return take(next_at=now + timedelta(hours=1))
        case "close":
            return close()
        case "wake":
            return wake(now)
        case _:
            return raise_it(name)


@settings(max_examples=200)
@given(st.lists(st.tuples(ASKED, st.integers(0, 20_000)), max_size=30))
def test_any_history_raises_once_never_lowers_and_always_has_a_next_moment(steps):  # S5
    state, now, level, raised = CONCERNS.initial, MONDAY_10, -1, 0
    for name, minutes in steps:
        now += timedelta(minutes=minutes)
        try:
            events = CONCERNS.decide(_input(name, now), state, now=now)
        except Rejected:
            continue
        for event in events:
            raised += isinstance(event, SafeguardingRaised)
            state = CONCERNS.evolve(state, event)
        if not isinstance(state, NotRaised):
            assert URGENCY[state.level] >= level
            level = URGENCY[state.level]
        if isinstance(state, Expected | Paged | Acknowledged):
            assert due(state) is not None
        if name == "wake" and not isinstance(state, NotRaised | Closed) and (at := due(state)):
            assert at > now, "a timer that has fired leaves the next moment ahead"
    assert raised <= 1


@given(st.sampled_from(["now", "today", "history"]), st.integers(0, 60 * 24 * 21))
def test_a_worry_raised_at_any_minute_is_due_within_the_longest_closure(level, minute):  # S11
    now = MONDAY_10 + timedelta(minutes=minute)
    state = CONCERNS.initial
    for event in CONCERNS.decide(raise_it(level), state, now=now):
        state = CONCERNS.evolve(state, event)
    at = due(state)
    assert STREAM.startswith(CONCERNS.kind)
    assert (at is None) == (level == "history")
    assert at is None or now <= at <= now + timedelta(days=4)
