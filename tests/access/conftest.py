"""What the tests of the audit's commands share: a service's settings on real servers, and its empty audit database."""

import secrets

import pytest

from services.referral.settings import Settings
from shared.runtime.master_key import FileMasterKey
from shared.testing.issuer import access_settings
from tests.access.audited import SERVICE
from tests.access.command_world import World


@pytest.fixture
async def world(mongo, kafka, mongo_client, database, tmp_path):
    path = tmp_path / "master.key"
    path.write_bytes(secrets.token_bytes(32))
    reaches = {"mongo_url": mongo, "database": database.name, "kafka": kafka, "key_file": path}
    settings = Settings(**reaches, **access_settings(tmp_path, SERVICE))
    audit = mongo_client[f"{database.name}_audit"]
    yield World(settings, audit, FileMasterKey(path).derived("audit"), [])
    await mongo_client.drop_database(audit.name)
