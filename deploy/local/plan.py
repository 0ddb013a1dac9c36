"""Which processes a stack has, and what others are told about it."""

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.files import write_atomically
from deploy.keycloak.identities import Identities, made, shipped_people
from deploy.keycloak.realm import web_client
from deploy.local import ports
from deploy.local.issuer import named_issuer
from deploy.local.kafka_server import kafka_unit
from deploy.local.keycloak_server import keycloak_unit
from deploy.local.mongo_server import mongo_unit, mongo_url
from deploy.local.places import LOCAL, SERVICES
from deploy.local.services import Addresses, answers, client_key, key_file, make_key, service_unit
from deploy.local.surroundings import PORT_NAMES, Surroundings
from deploy.local.unit import Unit


def addresses(surroundings: Surroundings) -> Addresses:
    """Choose the stack's ports, as last time where they are still free, and remember them in its folder."""
    memory = surroundings.folder / "ports.json"
    before: dict[str, int] = json.loads(memory.read_text()) if memory.exists() else {}
    usual = ports.USUAL if surroundings.folder == LOCAL else {}
    chosen = ports.choose(PORT_NAMES, asked=surroundings.ports, before=before, usual=usual)
    write_atomically(memory, json.dumps(chosen))
    named = named_issuer(*surroundings.issuer) if surroundings.issuer else None
    return Addresses(ports=chosen, mongo=mongo_url(chosen["mongo"]), named_issuer=named)


def units(folder: Path, where: Addresses, signing_key: str) -> list[Unit]:
    """Every process, in the order in which it is started; `signing_key` names the services' present keys."""
    keys = folder / "keys"
    servers = [
        mongo_unit(port=where.ports["mongo"], folder=folder / "mongo"),
        kafka_unit(port=where.ports["kafka"], controller=where.ports["kafka-controller"], folder=folder / "kafka"),
        mail_unit(where, folder / "mail", key_file(keys, "webhook")),
    ]
    if where.named_issuer is None:
        servers.append(issuer_unit(where, folder))
    return [*servers, *(service_unit(name, where, folder, signing_key) for name in SERVICES)]


def issuer_unit(where: Addresses, folder: Path) -> Unit:
    """The stack's own Keycloak."""
    return keycloak_unit(
        port=where.ports["keycloak"],
        folder=folder / "keycloak",
        keys=folder / "keys",
        identities=identities(folder / "keys"),
        urls={name: where.service(name) for name in SERVICES},
    )


def identities(keys: Path) -> Identities:
    """Who can sign in at the stack's own Keycloak; passwords and keys are made here at the first look."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    people = shipped_people()
    clients = [*(web_client(name) for name in SERVICES), *(trust.client for trust in people.trusts)]
    return made(people, passwords=keys / "passwords.json", key_files={one: client_key(keys, one) for one in clients})


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


def described(where: Addresses, pids: Mapping[str, int], folder: Path) -> dict[str, Any]:
    """What stack.json says: where to reach everything, and who can sign in, if that is this stack's to say."""
    known = identities(folder / "keys") if where.named_issuer is None else None
    return {
        "services": {name: where.service(name) for name in SERVICES},
        "kafka": where.kafka,
        "mongo": where.mongo,
        "mail": f"{where.mail}/mails",
        "webhooks": f"{where.mail}/webhooks",
        "issuer": where.issuer.url,
        "clients": known.clients() if known else {},
        "users": known.users() if known else {},
        "pids": dict(pids),
    }
