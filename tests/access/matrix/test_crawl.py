"""Somebody clicks on everything: no link leads to a refusal, no page is outside the table, no two worlds are alike."""

import pytest

from shared.access.roles import ROLES
from shared.access.wiring import policy
from shared.runtime.operation import operation_of
from shared.web.navigation import navigation
from tests.access.matrix.apps import Running
from tests.access.matrix.crawl import crawl, links_of, route_at
from tests.access.matrix.who import Who

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WITH_PAGES = [role for role in ROLES if navigation().roles[role]]
FIVE = ("safeguarding-lead", "project-manager", "volunteer", "commissioner", "referrer")


@pytest.mark.parametrize("role", WITH_PAGES)
async def test_every_link_opens_for_whoever_is_shown_it(services: Running, role: str) -> None:
    visited = await crawl(services.clients, Who(role))

    assert [one for one in visited if one.status != 200] == []
    assert len(visited) >= len(navigation().roles[role])


@pytest.mark.parametrize("role", WITH_PAGES)
async def test_every_page_she_comes_to_is_hers_by_the_table(services: Running, role: str) -> None:
    table = policy().operations
    for one in await crawl(services.clients, Who(role)):
        route = route_at(services.apps[one.service], one.path)
        operation = operation_of(route.endpoint) if route else None
        assert operation is not None, one
        assert table[operation].anyone or role in table[operation].rows, one


async def test_five_roles_see_five_worlds(services: Running) -> None:
    worlds = [frozenset(one.path for one in await crawl(services.clients, Who(role))) for role in FIVE]

    assert len(set(worlds)) == len(FIVE)
    assert all(worlds)


def test_links_are_found_however_they_are_written() -> None:
    assert links_of('<a class="x" href="/one">1</a><A HREF=\'two?x=1\'>2</A><a name=y>3</a>') == ["/one", "two?x=1"]
