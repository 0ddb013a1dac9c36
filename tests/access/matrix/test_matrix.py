"""Every operation of docs/access.md asked over HTTP by everybody about everything: the answers are what it says."""

from typing import Any

import pytest

from shared.access.policy.table import Operation
from shared.access.wiring import policy
from shared.runtime.operation import operation_of
from tests.access.matrix.apps import Running
from tests.access.matrix.comparing import Comparison
from tests.access.matrix.operations import ASKED, NOT_ASKED, NOT_OVER_HTTP
from tests.access.matrix.said import SAID
from tests.access.matrix.who import EVERYBODY, Who
from tests.access.test_routes import routes

# A part cancelled while its driver connects leaves the driver's half-made socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SHIPPED = policy()
ASKED_FOR = {name: rows for name, rows in SAID.items() if "anyone" not in rows}


def test_every_operation_of_the_page_is_asked_for() -> None:
    assert {one.operation for one in ASKED} == ASKED_FOR.keys() - NOT_OVER_HTTP.keys(), "add it to operations.py"


def test_every_route_is_asked(services: Running) -> None:
    asked = {(one.operation, one.service, one.method, one.path) for one in ASKED}
    there = {
        (operation_of(route.endpoint), service, method, path)
        for service, app in services.apps.items()
        for path, route in routes(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
        if operation_of(route.endpoint) in ASKED_FOR and path not in NOT_ASKED
    }
    named = {one for one in asked if one[0] != "referral.identity"}
    assert named == there, "add what is missing to operations.py"


async def test_everybody_gets_what_the_page_says(services: Running) -> None:  # S18 S28
    found = await Comparison(services.clients, SAID).all(ASKED, EVERYBODY)
    assert found.mismatches == ()
    assert found.looked_at > 3_000


def rows(name: str, **changed: Any) -> tuple[str, Operation]:
    """The operation with rows of another reach; None takes one out."""
    one = SHIPPED.operations[name]
    merged = {**one.rows, **{role.replace("_", "-"): scope for role, scope in changed.items()}}
    return name, one.model_copy(update={"rows": {role: scope for role, scope in merged.items() if scope}})


def other(name: str, **changed: Any) -> tuple[str, Operation]:
    """The operation with something else changed."""
    return name, SHIPPED.operations[name].model_copy(update=changed)


MUTATED = [
    ("volunteer", rows("support.read", volunteer=None)),
    ("volunteer", rows("support.list", volunteer="site")),
    ("volunteer", rows("session.log", volunteer="any")),
    ("project-manager", rows("triage.read", project_manager="provider")),
    ("project-manager", rows("journey.read", project_manager="any")),
    ("safeguarding-lead", rows("concern.read", safeguarding_lead="site")),
    ("safeguarding-lead", rows("concern.words", safeguarding_lead="any")),
    ("trainer", rows("concern.list", trainer="provider")),
    ("facilitator", rows("triage.decide", facilitator="site")),
    ("commissioner", rows("figures.read", commissioner="site")),
    ("referrer", rows("referral.read", referrer="any")),
    ("referrer", rows("referral.identity", referrer="referrals")),
    ("referrer-system", rows("referral.list", referrer_system="any")),
    ("", other("people.lookup", anyone=True)),
    ("", other("figures.read", anyone=True)),
    ("service outcomes", other("hold.read", services=("support", "referral", "triage", "outcomes"))),
    ("service triage", other("signal.push", services=("referral", "support"))),
]


@pytest.mark.parametrize(("who", "mutated"), MUTATED, ids=lambda one: one if isinstance(one, str) else one[0])
async def test_a_table_that_says_something_else_is_found_out(
    services: Running, monkeypatch: pytest.MonkeyPatch, who: str, mutated: tuple[str, Operation]
) -> None:
    name, operation = mutated
    service = who.removeprefix("service ")
    caller = Who(service=service) if service != who else Who(who)
    comparison, askings = Comparison(services.clients, SAID), [one for one in ASKED if one.operation == name]
    assert (await comparison.all(askings, [caller])).mismatches == ()
    changed = SHIPPED.model_copy(update={"operations": {**SHIPPED.operations, name: operation}})
    for app in services.apps.values():
        monkeypatch.setattr(app.state.guard, "policy", changed)
    assert (await comparison.all(askings, [caller])).mismatches != ()
