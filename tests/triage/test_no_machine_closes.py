"""Whatever comes, in whatever order: no case is declined or closed without a named person (SAFETY S2)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.triage.domain.commands import (
    DecideCase,
    HearReferral,
    HearUpdate,
    HearWithdrawal,
    HearWorry,
    MarkTextRead,
    RecordMeasure,
)
from services.triage.domain.policy import DECIDERS
from services.triage.domain.state import Decided
from shared.events.event import Event
from shared.events.refusal import Rejected
from shared.events.triage import TriageCompleted
from tests.triage.cases import BORN_2024, CASE, CASES, DUE, LPM, NOW, TOO_OLD, hads, received, signal, updated

ACTORS = ["project-manager/p-7", "triage-worker/t-1", "volunteer/v-1", "rules/machine", "project-manager/", "", "/"]
OUTCOMES = ["accepted", "joint_plan", "project_manager_only", "declined", "withdrawn"]
LEVELS = st.sampled_from(["now", "today", "history"])


class OneCase(RuleBasedStateMachine):
    """One case under any inputs; `asked_by` lists the people who asked for the decisions that were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Any = CASES.initial
        self.now = NOW
        self.journal: list[Event] = []
        self.asked_by: list[str] = []

    def ask(self, asked: Any) -> list[Event]:
        self.now += timedelta(hours=7)
        try:
            events = CASES.decide(asked, self.state, now=self.now)
        except Rejected:
            return []
        for event in events:
            self.state = CASES.evolve(self.state, event)
        self.journal += events
        return events

    @rule(
        baby=st.sampled_from([DUE, BORN_2024, TOO_OLD, None]),
        levels=st.lists(LEVELS, max_size=2),
        conditions=st.lists(st.sampled_from(["anxiety", "self_harm", "baby_died"]), max_size=2).map(tuple),
        text_unread=st.booleans(),
    )
    def referral_arrives(self, baby, levels, conditions, text_unread):
        signals = tuple(signal(level) for level in levels)
        facts = received(baby=baby, signals=signals, conditions=conditions, text_unread=text_unread)
        self.ask(HearReferral(CASE, facts))

    @rule(level=LEVELS, number=st.integers(1, 3))
    def worry_arrives(self, level, number):
        self.ask(HearWorry(CASE, signal(level, signal_id=UUID(int=number))))

    @rule()
    def withdrawal_arrives(self):
        self.ask(HearWithdrawal(CASE, "moved_away"))

    @rule(anxiety=st.integers(0, 25))
    def measure_arrives(self, anxiety):
        self.ask(RecordMeasure(CASE, hads(anxiety), "during", LPM))

    @rule(conditions=st.lists(st.sampled_from(["anxiety", "self_harm"]), max_size=2).map(tuple), words=st.booleans())
    def update_arrives(self, conditions, words):
        self.ask(HearUpdate(CASE, updated(conditions=conditions, text_unread=words)))

    @rule()
    def words_are_read(self):
        self.ask(MarkTextRead(CASE, LPM))

    @rule(by=st.sampled_from(ACTORS), outcome=st.sampled_from(OUTCOMES), text_read=st.booleans())
    def somebody_decides(self, by, outcome, text_read):
        if self.ask(DecideCase(CASE, outcome, "fits", by, text_read=text_read)):
            self.asked_by.append(by)

    @invariant()
    def every_decision_has_a_named_person(self):
        taken = [event for event in self.journal if isinstance(event, TriageCompleted)]
        assert [event.decided_by for event in taken] == self.asked_by
        for event in taken:
            role, _, person = event.decided_by.partition("/")
            assert role in DECIDERS
            assert person
            assert event.outcome != "declined" or event.signposts

    @invariant()
    def a_case_is_closed_exactly_when_a_person_decided(self):
        assert isinstance(self.state, Decided) == bool(self.asked_by)


OneCase.TestCase.settings = settings(max_examples=60, stateful_step_count=15)
TestOneCase = OneCase.TestCase
