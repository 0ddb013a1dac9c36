"""The page that the governance lead approves is the table, and no row can go or grow without the page saying so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.access.policy.page import page, parsed
from shared.access.policy.table import Operation
from shared.access.reach import SCOPES
from shared.access.roles import ROLES
from shared.access.wiring import policy

COMMITTED = (Path(__file__).resolve().parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
POLICY = policy()


def said_of(name: str, operation: Operation) -> dict[str, str]:
    """What the page would say of this operation."""
    return parsed(page(POLICY.model_copy(update={"operations": {name: operation}})))[name]


def with_rows(operation: Operation, **rows: Any) -> Operation:
    """The operation with rows changed; None takes one out."""
    merged = {**operation.rows, **{role.replace("_", "-"): scope for role, scope in rows.items()}}
    return operation.model_copy(update={"rows": {role: scope for role, scope in merged.items() if scope}})


def mutations() -> Iterator[tuple[str, Operation]]:
    """Each row taken out, each row at every other scope, each operation for every role without a row, and so on."""
    for name, one in POLICY.operations.items():
        for role in ROLES:
            for scope in (None, *SCOPES):
                if one.rows.get(role) != scope and not one.anyone:
                    yield name, with_rows(one, **{role: scope})
        if not one.anyone:
            yield name, one.model_copy(update={"anyone": True})
        for service in one.services:
            left = tuple(other for other in one.services if other != service)
            yield name, one.model_copy(update={"services": left})


def test_the_page_is_made_from_the_table() -> None:
    assert page(POLICY) == COMMITTED, "run python -m shared.access.policy, and have its owner look at what changed"


def test_the_page_says_of_every_operation_who_may() -> None:
    said = parsed(COMMITTED)
    assert said.keys() == POLICY.operations.keys()
    for name, one in POLICY.operations.items():
        rows = {**one.rows, **{f"service {service}": "any" for service in one.services}}
        assert said[name] == ({"anyone": "any"} if one.anyone else rows)


def test_no_row_goes_or_grows_without_the_page_saying_so() -> None:
    said, tried = parsed(COMMITTED), 0
    for name, mutated in mutations():
        tried += 1
        assert said_of(name, mutated) != said[name], (name, mutated)
    assert tried > 2_000


@pytest.mark.parametrize("role", [role for role in ROLES if role != "referrer-system"])
def test_whoever_has_an_account_may_raise_a_worry(role: str) -> None:  # S3
    assert parsed(COMMITTED)["worry.raise"][role] == "any"
