"""How far each scope reaches, as a question about one object and as a condition on many: always the same answer."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.caller import Caller, volunteer_of
from shared.access.reach import SCOPES, Placed, Reach, Scope

VOLUNTEER = UUID(int=7)
NAMES = st.sampled_from(["a", "b", "unassigned", "unknown", str(VOLUNTEER), str(UUID(int=8))])
MAYBE = st.none() | NAMES
placed = st.builds(Placed, provider=MAYBE, site=MAYBE, volunteer=MAYBE, organisation=MAYBE, person=MAYBE)
callers = st.builds(
    Caller,
    kind=st.just("person"),
    id=NAMES,
    role=st.just("volunteer"),
    via=st.just("token"),
    provider=MAYBE,
    sites=st.lists(NAMES, max_size=2).map(tuple),
    organisations=st.lists(NAMES, max_size=2).map(tuple),
)


def matches(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """MongoDB's reading of the one kind of condition there is: field in values."""
    return all(document.get(field) in condition["$in"] for field, condition in query.items())


@given(caller=callers, one=placed, scope=st.sampled_from([*SCOPES, "nothing"]))
def test_a_condition_finds_exactly_what_is_covered(caller: Caller, one: Placed, scope: Scope) -> None:
    reach = Reach("x.y", scope, caller)
    assert reach.covers(one) == matches(asdict(one), reach.query())


@given(caller=callers, one=placed)
def test_each_scope_reaches_no_further_than_the_wider_one(caller: Caller, one: Placed) -> None:
    if Reach("x.y", "site", caller).covers(one):
        assert Reach("x.y", "provider", caller).covers(one)
    assert not Reach("x.y", "nothing", caller).covers(one)


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "any"])
def test_what_belongs_to_nobody_is_within_no_scope(scope: Scope) -> None:
    nobody = Caller(kind="person", id="x", role="volunteer", via="token")
    assert not Reach("x.y", scope, nobody).covers(Placed())


def test_what_names_no_site_belongs_to_every_site_of_its_provider() -> None:  # S6
    her = Caller(kind="person", id="x", role="project-manager", via="token", provider="a", sites=("s",))
    reach = Reach("x.y", "site", her)
    assert reach.covers(Placed("a", "unassigned"))
    assert not reach.covers(Placed("b", "unassigned"))


def test_an_account_is_one_volunteer_whatever_the_issuer_calls_it() -> None:
    assert volunteer_of(str(VOLUNTEER)) == VOLUNTEER
    assert volunteer_of("anna") == volunteer_of("anna") != volunteer_of("beth")
