"""A crawl of the five services as they are built: no route is outside the table, and no row is about nothing."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from deploy.local.places import SERVICES
from shared.access.wiring import policy
from shared.runtime.operation import operation_of
from tests.architecture.subscribers import built

pytestmark = pytest.mark.slow

PERFORMED_NOWHERE = {
    "audit.read": "read by the operator's command, docs/audit.md",
    "referral.identity": "asked beside referral.read, which shows more to whoever may see it",
}
"""Rows of the table without a route yet, each with the reason."""


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FastAPI]:
    """Each service as its composition root makes it; nothing of it runs."""
    return {service: built(service, tmp_path_factory.mktemp(service)) for service in SERVICES}


def routes(found: list[BaseRoute], above: str = "") -> Iterator[tuple[str, Route]]:
    """Every route by its whole path, looked for here and not with the code that guards them."""
    for one in found:
        if isinstance(one, Mount):
            yield from routes(list(one.routes), above + one.path)
        elif isinstance(one, Route):
            yield above + one.path, one
        else:
            included = getattr(one, "routes", None) or getattr(getattr(one, "original_router", None), "routes", None)
            assert included is not None, f"what is {one!r}?"
            yield from routes(list(included), above)


def test_every_route_performs_an_operation_of_the_table(apps: dict[str, FastAPI]) -> None:
    known, seen = policy().operations, 0
    for service, app in apps.items():
        for path, route in routes(app.routes):
            seen += 1
            assert operation_of(route.endpoint) in known, f"{service} {path}"
    assert seen > 80, "the crawl must have found the routes"


def test_every_operation_is_performed_somewhere(apps: dict[str, FastAPI]) -> None:
    performed = {operation_of(route.endpoint) for app in apps.values() for _, route in routes(app.routes)}
    missing = policy().operations.keys() - performed
    assert missing == PERFORMED_NOWHERE.keys()
