"""The five services as processes of this machine: their settings, keys and readiness."""

import json
import secrets
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from deploy.keycloak.realm import web_client
from deploy.local.issuer import AUDIENCE, Issuer, issuer_at
from deploy.local.places import SERVICES
from deploy.local.surroundings import for_child
from deploy.local.unit import Unit
from shared.access import service_keys

KEY_BYTES = 32


@dataclass(frozen=True)
class Addresses:
    """Where everything of one stack listens."""

    ports: Mapping[str, int]
    mongo: str
    named_issuer: Issuer | None = None

    @property
    def issuer(self) -> Issuer:
        """Who is believed about people and systems: the named issuer, or this stack's Keycloak."""
        return self.named_issuer or issuer_at(self.ports["keycloak"])

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap address."""
        return f"127.0.0.1:{self.ports['kafka']}"

    @property
    def mail(self) -> str:
        """The mail sink's pages."""
        return f"http://127.0.0.1:{self.ports['mail-http']}"

    def service(self, name: str) -> str:
        """A service's own address."""
        return f"http://127.0.0.1:{self.ports[name]}"


def service_unit(name: str, addresses: Addresses, folder: Path, signing_key: str) -> Unit:
    """One service of the stack in `folder`, started once the database takes writes and Kafka has its topics.

    `signing_key` names the key it signs with; names are told apart by their order, the last one signs.
    """
    return Unit(
        name=name,
        command=(sys.executable, "-m", f"services.{name}"),
        environment=settings_of(name, addresses, folder),
        after=("mongo", "kafka"),
        prepare=partial(make_keys, name, folder / "keys", signing_key),
        ready=partial(answers, addresses.ports[name], "/health/ready"),
    )


def settings_of(name: str, addresses: Addresses, folder: Path) -> dict[str, str]:
    """The environment of one service; what the caller set for it (same prefix) wins, except where it listens."""
    keys = folder / "keys"
    listens = {"HOST": "127.0.0.1", "PORT": str(addresses.ports[name])}
    reaches = {
        "MONGO_URL": addresses.mongo,
        "DATABASE": name,
        "KAFKA": addresses.kafka,
        "KEY_FILE": str(key_file(keys, name)),
        "SAFEGUARDING_URLS": addresses.service("safeguarding"),
        "SIGNING_KEYS": str(keys / "signing" / name),
        "TRUSTED_KEYS": str(keys / "trusted"),
        "AUDIT_HEADS": str(folder / "audit-heads"),
        "PUBLIC_URL": addresses.service(name),
        "SERVICE_URLS": json.dumps({one: addresses.service(one) for one in SERVICES}),
        **_sign_in(name, addresses, keys),
    }
    if name == "referral":
        reaches["CONFORMANCE"] = "true"  # this stack is for trying things out, published examples included
    if name in ("safeguarding", "support"):
        reaches["REFERRAL_URLS"] = addresses.service("referral")
    if name == "safeguarding":
        reaches |= {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(addresses.ports["mail"]),
            "WEBHOOK_URL": f"{addresses.mail}/webhooks",
            "WEBHOOK_SECRET": webhook_secret(keys),
        }
    asked = for_child({})
    prefix = name.upper()
    fixed = {f"{prefix}_{key}": value for key, value in listens.items()}
    return fixed | {f"{prefix}_{key}": value for key, value in reaches.items() if f"{prefix}_{key}" not in asked}


def arguments_of(name: str, addresses: Addresses, folder: Path) -> dict[str, Any]:
    """The same, as the arguments of the service's `Settings`: for a service built inside another process."""
    told = settings_of(name, addresses, folder)
    prefix = f"{name.upper()}_"
    return {key.removeprefix(prefix).lower(): _read(value) for key, value in told.items()}


def _read(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value


def _sign_in(name: str, addresses: Addresses, keys: Path) -> dict[str, str]:
    """Who is believed; with the stack's own Keycloak also the client behind the service's pages."""
    issuer = addresses.issuer
    believed = {
        "ISSUER": issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": issuer.jwks_url,
        "JWKS_FILE": issuer.jwks_file,
    }
    if addresses.named_issuer is None:
        believed |= {"WEB_CLIENT": web_client(name), "WEB_CLIENT_KEY": str(client_key(keys, web_client(name)))}
    return {key: value for key, value in believed.items() if value}


def client_key(keys: Path, client: str) -> Path:
    """Where the private key of a client of the stack's Keycloak is kept."""
    return keys / "clients" / f"{client}.pem"


def make_keys(name: str, keys: Path, signing_key: str) -> None:
    """Make what a service must find: its master key, its signing key, and the public halves the others look up."""
    make_key(key_file(keys, name))
    signing = keys / "signing" / name
    service_keys.make_keys(signing, signing_key)
    service_keys.publish(signing, keys / "trusted", name)


def key_file(keys: Path, name: str) -> Path:
    """Where a service's master key is kept."""
    return keys / f"{name}.key"


def make_key(path: Path) -> None:
    """Create a random master key that only this user can read; an existing one is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(secrets.token_bytes(KEY_BYTES))
    except FileExistsError:
        return


def webhook_secret(keys: Path) -> str:
    """The secret that signs webhooks of this stack, in the notation of Standard Webhooks ("whsec_" and base64)."""
    path = keys / "webhook.key"
    make_key(path)
    return f"whsec_{b64encode(path.read_bytes()).decode()}"


def answers(port: int, path: str) -> bool:
    """Whether a GET on this machine is answered with success now."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in range(200, 300)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
