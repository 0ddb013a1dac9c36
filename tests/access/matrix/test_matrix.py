"""Every operation of docs/access.md asked over HTTP by everybody about everything: the answers are what it says."""

import gc
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.access.policy.page import parsed
from tests.access.matrix.apps import Running, running_services
from tests.access.matrix.comparing import Comparison
from tests.access.matrix.operations import ASKED
from tests.access.matrix.who import EVERYBODY

# A part cancelled while its driver connects leaves the driver's half-made socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SAID = parsed((Path(__file__).resolve().parents[3] / "docs" / "access.md").read_text(encoding="utf-8"))
ASKED_FOR = {name: rows for name, rows in SAID.items() if "anyone" not in rows}


@pytest.fixture(scope="module")
async def services(mongo: str, mongo_client: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The five, with everything in them, once their lists show it."""
    name = f"test_{secrets.token_hex(6)}"
    async with running_services(mongo, name, tmp_path_factory.mktemp("matrix")) as running:
        yield running
    for database in await mongo_client.list_database_names():
        if database.startswith(name):
            await mongo_client.drop_database(database)
    gc.collect()


async def test_everybody_gets_what_the_page_says(services: Running) -> None:
    comparison = Comparison(services.clients, SAID)
    found = await comparison.all(ASKED, EVERYBODY)
    open("/tmp/mm.txt","w").write("\n".join(found.mismatches)+f"\n{found.looked_at}\n")
    assert found.mismatches == ()
    assert found.looked_at > 1_000
