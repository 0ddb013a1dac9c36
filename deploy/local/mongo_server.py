"""One mongod as a replica set of one node, which is what change streams and majority writes need."""

from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local import mongod_program
from deploy.local.unit import Unit

REPLICA_SET = "beside"
CACHE_GB = 0.25
OPLOG_HOURS = 72  # a tail that was down for less finds its place again
_NOT_INITIALISED = 94


def mongo_url(port: int) -> str:
    """What clients are given."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"


def mongo_unit(*, port: int, folder: Path) -> Unit:
    """mongod on `port`, its data under `folder`; ready once it is a primary that takes writes."""
    data = folder / "data"
    return Unit(
        name="mongo",
        command=(
            *(str(mongod_program.path()), "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1"),
            *("--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", str(CACHE_GB)),
            *("--oplogMinRetentionHours", str(OPLOG_HOURS), "--nounixsocket", "--quiet"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ),
        prepare=partial(data.mkdir, parents=True, exist_ok=True),
        ready=partial(_is_primary, port),
    )


def _is_primary(port: int) -> bool:
    """Whether it takes writes; on the way there, make it a replica set of itself under its present address."""
    try:
        with _direct(port) as client:
            hello = client.admin.command("hello")
            if not hello.get("isWritablePrimary"):
                _configure(client, f"127.0.0.1:{port}")
                return False
            return bool(hello["me"] == f"127.0.0.1:{port}")
    except PyMongoError:
        return False


def _configure(client: MongoClient[dict[str, Any]], host: str) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as refused:
        if refused.code == _NOT_INITIALISED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
        return
    if config["members"][0]["host"] != host:  # the data came from a stack on another port
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


def _direct(port: int) -> MongoClient[dict[str, Any]]:
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    return MongoClient(url, serverSelectionTimeoutMS=300, connectTimeoutMS=300, socketTimeoutMS=5000)
