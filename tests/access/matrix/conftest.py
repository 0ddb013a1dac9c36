"""The five services with everything in them, shared by the tests of this folder: they only ask."""

import gc
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.access.matrix.apps import Running, running_services
from tests.access.matrix.comparing import Comparison
from tests.access.matrix.operations import READING
from tests.access.matrix.said import SAID
from tests.access.matrix.who import Who
from tests.runtime.core.world import until


@pytest.fixture(scope="package")
async def services(mongo: str, mongo_client: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The five, once their lists show what is in them."""
    name = f"test_{secrets.token_hex(6)}"
    async with running_services(mongo, name, tmp_path_factory.mktemp("matrix")) as running:
        await until(lambda: settled(running), within=30)
        yield running
    for database in await mongo_client.list_database_names():
        if database.startswith(name):
            await mongo_client.drop_database(database)
    gc.collect()


async def settled(services: Running) -> bool:
    """Whether what the services have in their journals shows in their lists, for some who see much and little."""
    lists = [one for one in READING if one.kind == "list"]
    few = [Who(role) for role in ("project-manager", "volunteer", "safeguarding-manager")]
    return not (await Comparison(services.clients, SAID).all(lists, few)).mismatches
