"""Which processes a stack has, and what others are told about it."""

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.files import write_atomically
from deploy.local.kafka_server import kafka_unit
from deploy.local.mongo_server import mongo_unit, mongo_url
from deploy.local.places import LOCAL, SERVICES
from deploy.local.services import Addresses, answers, key_file, make_key, service_unit
from deploy.local.surroundings import PORT_NAMES, Surroundings
from deploy.local.unit import Unit


def addresses(surroundings: Surroundings) -> Addresses:
    """Choose the stack's ports, as last time where they are still free, and remember them in its folder."""
    memory = surroundings.folder / "ports.json"
    before: dict[str, int] = json.loads(memory.read_text()) if memory.exists() else {}
    usual = ports.USUAL if surroundings.folder == LOCAL else {}
    chosen = ports.choose(PORT_NAMES, asked=surroundings.ports, before=before, usual=usual)
    write_atomically(memory, json.dumps(chosen))
    return Addresses(ports=chosen, mongo=mongo_url(chosen["mongo"]))


def units(folder: Path, where: Addresses) -> list[Unit]:
    """Every process, in the order in which it is started; stopping goes the other way."""
    keys = folder / "keys"
    servers = [
        mongo_unit(port=where.ports["mongo"], folder=folder / "mongo"),
        kafka_unit(port=where.ports["kafka"], controller=where.ports["kafka-controller"], folder=folder / "kafka"),
        mail_unit(where, folder / "mail", key_file(keys, "webhook")),
    ]
    return [*servers, *(service_unit(name, where, keys) for name in SERVICES)]


def mail_unit(where: Addresses, folder: Path, secret: Path) -> Unit:
    """The mail sink."""
    smtp, http = str(where.ports["mail"]), str(where.ports["mail-http"])
    return Unit(
        name="mail",
        command=(
            *(sys.executable, "-m", "deploy.local.mail_sink", "--smtp", smtp, "--http", http),
            *("--folder", str(folder), "--secret-file", str(secret)),
        ),
        prepare=partial(make_key, secret),
        ready=partial(answers, where.ports["mail-http"], "/mails"),
    )


def described(where: Addresses, pids: Mapping[str, int]) -> dict[str, Any]:
    """What stack.json says: where to reach everything. The sign-in parts are empty until there is sign-in."""
    return {
        "services": {name: where.service(name) for name in SERVICES},
        "kafka": where.kafka,
        "mongo": where.mongo,
        "mail": f"{where.mail}/mails",
        "webhooks": f"{where.mail}/webhooks",
        "issuer": None,
        "clients": {},
        "users": {},
        "pids": dict(pids),
    }
