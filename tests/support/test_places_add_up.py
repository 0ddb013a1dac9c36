"""Volunteers and cases together, reactions late and in any order between streams: no cap passed, no place lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.support.domain.case.commands import MakeMatch
from services.support.domain.case.state import Matched
from services.support.domain.react import react
from services.support.domain.volunteer.commands import DeadlinePassed, HoldPlace, PauseVolunteer, ResumeVolunteer
from shared.events.event import Event
from shared.events.recorded import Recorded
from shared.events.refusal import Rejected
from tests.support.cases import ANNA, BEA, CASES, LPM, NOW, RULES, VOLUNTEERS, end, hear_triage, register

pytestmark = pytest.mark.slow

PEOPLE = [ANNA, BEA]
MOTHERS = [UUID(int=n) for n in range(1, 4)]
CAP = 1


class Places(RuleBasedStateMachine):
    """Streams with their own state; what an event leads to waits in the queue of the stream it came from."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.states: dict[str, Any] = {}
        self.versions: dict[str, int] = {}
        self.queues: dict[str, list[Any]] = {}

    @initialize()
    def everybody_is_ready(self):
        for volunteer in PEOPLE:
            self.ask(_of(register(cap=CAP), volunteer=volunteer))
        for mother in MOTHERS:
            self.ask(_of(hear_triage(), case=mother))

    def ask(self, asked: Any) -> None:
        decider = VOLUNTEERS if asked.stream.startswith("volunteer/") else CASES
        state = self.states.get(asked.stream, decider.initial)
        try:
            events = decider.decide(asked, state, now=self.now)
        except Rejected:
            return
        for event in events:
            state = decider.evolve(state, event)
            self.versions[asked.stream] = self.versions.get(asked.stream, 0) + 1
            followers = react(_recorded(asked.stream, self.versions[asked.stream], event))
            self.queues.setdefault(asked.stream, []).extend(followers)
        self.states[asked.stream] = state

    @rule(volunteer=st.sampled_from(PEOPLE), mother=st.sampled_from(MOTHERS))
    def place_is_held(self, volunteer, mother):
        self.ask(HoldPlace(volunteer, mother))

    @rule(volunteer=st.sampled_from(PEOPLE), mother=st.sampled_from(MOTHERS))
    def match_is_made(self, volunteer, mother):
        self.ask(MakeMatch(mother, volunteer, held_back=False))

    @rule(volunteer=st.sampled_from(PEOPLE), mother=st.sampled_from(MOTHERS), lapses=st.booleans())
    def place_is_matched_while_it_may_lapse(self, volunteer, mother, lapses):
        self.ask(HoldPlace(volunteer, mother))
        queue = self.queues.get(f"volunteer/{volunteer}", [])
        while queue:
            self.ask(queue.pop(0))
        if lapses:  # the volunteer's timer fires first, on a clock that runs ahead of the case's
            self.ask(DeadlinePassed(f"volunteer/{volunteer}", self.now + RULES.hold))
        self.ask(MakeMatch(mother, volunteer, held_back=False))

    @rule(mother=st.sampled_from(MOTHERS))
    def support_ends(self, mother):
        self.ask(_of(end(by=LPM), case=mother))

    @rule(volunteer=st.sampled_from(PEOPLE), asked=st.sampled_from([PauseVolunteer, ResumeVolunteer]))
    def volunteer_pauses_or_returns(self, volunteer, asked):
        self.ask(asked(volunteer))

    @rule(hours=st.sampled_from([1, 80]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)
        for volunteer in PEOPLE:
            self.ask(DeadlinePassed(f"volunteer/{volunteer}", self.now))

    @rule(data=st.data())
    def one_reaction_arrives(self, data):
        waiting = sorted(stream for stream, queue in self.queues.items() if queue)
        if waiting:
            self.ask(self.queues[data.draw(st.sampled_from(waiting))].pop(0))

    @invariant()
    def no_cap_is_ever_passed(self):
        for volunteer in PEOPLE:
            state = self.states.get(f"volunteer/{volunteer}")
            assert state is None or len(state.places) <= CAP
            assert sum(self.volunteer_of(mother) == volunteer for mother in MOTHERS) <= CAP

    def volunteer_of(self, mother: UUID) -> UUID | None:
        state = self.states.get(f"case/{mother}")
        return state.volunteer if isinstance(state, Matched) else None

    def teardown(self) -> None:
        """Once everything has arrived and every time is over, the places are exactly the matches."""
        self.time_passes(80)
        while any(self.queues.values()):
            for queue in list(self.queues.values()):
                while queue:
                    self.ask(queue.pop(0))
        for volunteer in PEOPLE:
            state = self.states.get(f"volunteer/{volunteer}")
            matched = {mother for mother in MOTHERS if self.volunteer_of(mother) == volunteer}
            assert state is None or set(state.places) == matched
            assert state is None or all(place.taken for place in state.places.values())


def _of(asked: Any, **ids: UUID) -> Any:
    fields = {name: getattr(asked, name) for name in asked.__slots__}
    return type(asked)(**{**fields, **ids})


def _recorded(stream: str, version: int, event: Event) -> Recorded:
    name = uuid5(ANNA, f"{stream}/{version}")
    return Recorded(
        event=event,
        event_id=name,
        service="support",
        stream=stream,
        version=version,
        recorded_at=NOW,
        provider="nct",
        site="halton",
        cause=name,
        epoch=1,
        commit="",
    )


Places.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestPlaces = Places.TestCase
