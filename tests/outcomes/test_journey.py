"""Any order, any repeats, the same journey; and an erased person keeps only what counts need."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.outcomes.domain.journey import keys
from shared.events.referral import PersonErased
from shared.events.safeguarding import SafeguardingRaised
from shared.events.support import VolunteerChanged
from shared.events.triage import TriageCompleted
from tests.outcomes.world import attendance, case_of, cases, journeys, measured, on, recorded, referral

ERASED = recorded(PersonErased(case=case_of(1), occurred_at=on(200)), 9)
EVENTS = [
    referral(1, totals={"anxiety": 15}),
    recorded(
        TriageCompleted(
            case=case_of(1),
            occurred_at=on(2),
            outcome="accepted",
            offer="one-to-one",
            reason="fits",
            decided_by="local_project_manager/lpm-1",
            rule_version="parents-in-mind/2026-11-1",
        ),
        3,
    ),
    attendance(1, day=10, version=4),
    attendance(1, day=17, version=6),
    measured(1, {"anxiety": 7}, day=90, version=8),
    recorded(SafeguardingRaised(case=case_of(1), occurred_at=on(20), signal_id=case_of(99), level="now"), 1),
    referral(2, site="halton"),
]


@settings(max_examples=150)
@given(st.permutations([*EVENTS, *EVENTS, ERASED]), st.lists(st.sampled_from(EVENTS), max_size=10))
def test_any_order_and_any_repeats_give_the_same_journeys(order, repeats):
    assert journeys([*order, *repeats]) == journeys([*EVENTS, ERASED])


@given(st.permutations([*EVENTS, *EVENTS]))
def test_any_order_without_erasure_keeps_every_fact_once(order):
    found = journeys(order)
    assert sum(len(own) for journey in found.values() for own in journey["facts"].values()) == len(EVENTS)


def test_each_service_has_a_sub_document_of_its_own():
    assert set(journeys(EVENTS)[str(case_of(1))]["facts"]) == {"referral", "triage", "support", "safeguarding"}


def test_an_erased_person_still_counts_but_has_no_days():
    (erased,) = cases([*EVENTS[:6], ERASED])
    (whole,) = cases(EVENTS[:6])
    text = str(journeys([*EVENTS[:6], ERASED]))
    assert "taken_on" not in text
    assert not any(str(on(day).date()) in text for day in (2, 10, 17, 20, 90))
    assert (erased.site, len(erased.answers)) == (whole.site, len(whole.answers))
    assert erased.supported_on is not None


def test_events_about_no_case_belong_to_no_journey():
    ready = VolunteerChanged(occurred_at=on(0), status="ready")
    assert keys(recorded(ready, 1)) == []
