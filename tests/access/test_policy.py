"""The table as data: what it must not say, and what it gives to services, systems and whoever has a worry."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from shared.access.caller import VISITOR, Caller, service_caller
from shared.access.policy.table import policy_from
from shared.access.reach import Scope
from shared.access.roles import ROLES
from shared.access.wiring import policy

POLICY = policy()


def person(role: str, **more: Any) -> Caller:
    """Somebody of one site."""
    return Caller(kind="person", id="x", role=role, via="token", provider="nct", sites=("halton",), **more)


def of(**operation: Any) -> str:
    """A table with one operation."""
    shown = {"version": "1", "source": "s", "owner": "o", "operations": {"one.thing": {"what": "x", **operation}}}
    return yaml.safe_dump(shown)


@pytest.mark.parametrize(
    "operation",
    [{}, {"rows": {"queen": "any"}}, {"rows": {"volunteer": "everything"}}, {"rows": {"volunteer": "nothing"}},
     {"services": ["nobody"]}, {"anyone": True, "surprise": 1}],
)  # fmt: skip
def test_a_row_that_makes_no_sense_stops_the_start(operation: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy_from(of(**operation))


def test_a_role_without_a_row_and_a_visitor_may_not() -> None:
    table = policy_from(of(rows={"volunteer": "self"}))
    assert table.reach("one.thing", person("trainer")) is None
    assert table.reach("one.thing", VISITOR) is None
    with pytest.raises(KeyError):
        table.reach("another.thing", person("volunteer"))


def test_a_service_may_what_names_it_for_itself_and_for_a_person_only_with_her_row() -> None:
    table = policy_from(of(services=["support"], rows={"volunteer": "self"}))
    assert table.reach("one.thing", service_caller("support")) is not None
    assert table.reach("one.thing", service_caller("triage")) is None
    assert table.reach("one.thing", person("volunteer", through="support")) is not None
    assert table.reach("one.thing", person("volunteer", through="triage")) is None
    assert table.reach("one.thing", person("trainer", through="support")) is None


def test_a_system_needs_the_scope_its_token_was_asked_for() -> None:
    def system(*scopes: str) -> Caller:
        return Caller("system", "c", "referrer-system", "token", ("referrer-system",), scopes=frozenset(scopes))

    assert POLICY.reach("referral.send", system("referral:write")) is not None
    assert POLICY.reach("referral.send", system("openid", "referral:writes")) is None


@pytest.mark.parametrize("role", [role for role in ROLES if role != "referrer-system"])
def test_whoever_is_signed_in_may_raise_a_worry(role: str) -> None:  # S3 S19
    for operation in ("concern.raise", "worry.raise"):
        found = POLICY.reach(operation, person(role))
        assert found is not None
        assert found.scope == "any"
    for operation in ("session.log", "triage.measure"):
        assert POLICY.reach(operation, person(role)) is not None


def test_scores_never_reach_a_volunteer() -> None:  # S28
    for operation, row in POLICY.operations.items():
        if operation.startswith(("triage.", "figures.", "journey.")):
            assert "volunteer" not in row.rows, operation


def test_no_row_of_another_provider_but_for_worries_and_audit() -> None:
    wide = {name for name, one in POLICY.operations.items() for scope in one.rows.values() if scope == "any"}
    expected: set[str] = {"worry.raise", "concern.raise", "coverage.read", "figures.read", "audit.read"}
    assert wide == expected
    only: dict[str, set[Scope]] = {"figures.read": {"any"}, "audit.read": {"any"}}
    for name in only:
        assert {role for role, scope in POLICY.operations[name].rows.items() if scope == "any"} == {"auditor"}
