"""What opens one stack's realm: people's passwords and clients' keys, made once, readable by this user only."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from deploy.files import write_atomically
from deploy.keycloak.people import People, people_from
from deploy.keycloak.realm import Jwk, Representation, realm
from shared.access.service_keys import make_key

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What nobody misreads on a screen: no i, l, o, 0, 1."""
GROUPS, OF_LETTERS = 4, 4


@dataclass(frozen=True)
class Identities:
    """Who can sign in, and with what. `key_files` are the clients' private keys (PEM) by client id."""

    people: People
    passwords: Mapping[str, str]
    key_files: Mapping[str, Path]

    def realm(self, urls: Mapping[str, str]) -> Representation:
        """The realm to import for services at `urls`."""
        keys = {client: public_key(file) for client, file in self.key_files.items()}
        return realm(_shipped("realm.yaml"), self.people, urls=urls, passwords=self.passwords, keys=keys)

    def users(self) -> dict[str, Any]:
        """People by name, as stack.json tells of them."""
        return {
            one.name: {
                "id": str(one.id),
                "password": self.passwords[one.name],
                "roles": list(one.roles),
                "provider": one.provider,
                "sites": list(one.sites),
                "organisations": list(one.organisations),
            }
            for one in self.people.people
        }

    def clients(self) -> dict[str, Any]:
        """The trusts' machine clients by id, as stack.json tells of them."""
        return {
            one.client: {
                "id": str(one.id),
                "organisation": one.organisation,
                "key_file": str(self.key_files[one.client]),
                "scopes": [one.scope],
            }
            for one in self.people.trusts
        }


def shipped_people() -> People:
    """The people and trusts of the demonstration."""
    return people_from(_shipped("people.yaml"))


def made(people: People, *, passwords: Path, key_files: Mapping[str, Path]) -> Identities:
    """Make what is missing; a password or key that exists is never touched."""
    for file in key_files.values():
        make_key(file.parent, file.stem)
    return Identities(people, make_passwords(passwords, [one.name for one in people.people]), key_files)


def make_passwords(file: Path, names: Iterable[str]) -> dict[str, str]:
    """A random password for each name, kept in `file`."""
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    wanted = {name: kept.get(name) or random_password() for name in names}
    if wanted != kept:
        write_atomically(file, json.dumps(wanted, indent=1))
    return wanted


def random_password() -> str:
    """79 bits that a person can read from a screen and type."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(OF_LETTERS)) for _ in range(GROUPS))


def public_key(file: Path) -> Jwk:
    """The public half of a client's key; its id is its thumbprint (RFC 7638), so the PEM alone says it too."""
    key = ECKey.import_key(file.read_text())
    return key.as_dict(private=False, use="sig", kid=key.thumbprint())


def _shipped(name: str) -> str:
    return resources.files("deploy.keycloak").joinpath(name).read_text("utf-8")
