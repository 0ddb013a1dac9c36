"""Says what the services subscribe to and how, read from what their composition roots make; connects nowhere.

`python -m tests.architecture.subscribers <folder for keys>` prints JSON: service -> list of subscribers.
"""

import asyncio
import gc
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from deploy.local.issuer import Issuer
from deploy.local.places import SERVICES
from deploy.local.ports import USUAL
from deploy.local.services import Addresses, arguments_of, make_keys
from shared.runtime.consumer import Consumer

NOWHERE = Addresses(
    ports=USUAL,
    mongo="mongodb://127.0.0.1:1/",
    named_issuer=Issuer("http://127.0.0.1:1/issuer", jwks_url="http://127.0.0.1:1/keys"),
)


async def subscriptions(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Build each service and describe each consumer it made."""
    apps: list[Any] = []  # kept, so that no id is used twice
    seen: set[int] = set()
    found = {}
    for service in SERVICES:
        apps.append(built(service, folder))
        new = [one for one in gc.get_objects() if isinstance(one, Consumer) and id(one) not in seen]
        seen |= {id(one) for one in new}
        found[service] = [described(one) for one in new]
    return found


def built(service: str, folder: Path) -> Any:
    """The service as its own composition root makes it."""
    make_keys(service, folder / "keys", "first")
    given = arguments_of(service, NOWHERE, folder)
    settings = importlib.import_module(f"services.{service}.settings").Settings(**given)
    return importlib.import_module(f"services.{service}.app").build(settings)


def described(consumer: Consumer) -> dict[str, Any]:
    """What FastStream and aiokafka were really given."""
    membership = consumer.wired()
    subscriber, broker = membership.subscriber, membership.broker
    given = subscriber._connection_args
    (assignor,) = given["partition_assignment_strategy"]
    return {
        "group": subscriber.group_id,
        "topics": sorted(subscriber.topic_names),
        "acknowledges": subscriber.ack_policy.name,
        "commits_by_itself": given["enable_auto_commit"],
        "begins": given["auto_offset_reset"],
        "assignor": assignor.__name__,
        "isolation": given["isolation_level"],
        "session_ms": given["session_timeout_ms"],
        "heartbeat_ms": given["heartbeat_interval_ms"],
        "batch": type(subscriber).__name__ == "BatchSubscriber",
        "makes_topics": broker.config.allow_auto_create_topics,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(subscriptions(Path(sys.argv[1])))))
