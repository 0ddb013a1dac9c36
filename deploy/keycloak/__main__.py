"""`python -m deploy.keycloak referral=http://...`: makes what the containers of compose find when they start.

Services' signing and sign-in keys go into each service's own volume, the public halves into one for all, the realm and
an administrator's password into Keycloak's, and what people and trusts sign in with into another. What exists is kept.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from deploy.files import write_atomically
from deploy.keycloak.identities import Identities, made, random_password, shipped_people
from deploy.keycloak.realm import web_client
from shared.access.service_keys import make_keys, publish
from shared.runtime.clock import SystemClock

FOR_ANOTHER_USER = 0o644
"""Keycloak's image has a user of its own; the volume is mounted into these two containers alone."""


def make(urls: Mapping[str, str], *, keys: Path, trusted: Path, realm: Path, sign_ins: Path, month: str) -> None:
    """Make whatever is missing for services at `urls`; `keys` has a folder for each, `month` names the new keys."""
    for name in urls:
        signing = keys / name / "signing"
        make_keys(signing, month)
        publish(signing, trusted, name)
    people = shipped_people()
    files = {web_client(name): keys / name / "web-client.pem" for name in urls}
    files |= {trust.client: sign_ins / f"{trust.client}.pem" for trust in people.trusts}
    known = made(people, passwords=sign_ins / "passwords.json", key_files=files)
    _for_keycloak(realm / "beside-realm.json", json.dumps(known.realm(urls)))
    if not (realm / "administrator").exists():
        _for_keycloak(realm / "administrator", f"{random_password()}-{random_password()}")
    write_atomically(sign_ins / "sign-ins.json", _told(known))


def _for_keycloak(file: Path, text: str) -> None:
    write_atomically(file, text)
    file.chmod(FOR_ANOTHER_USER)


def _told(known: Identities) -> str:
    return json.dumps({"users": known.users(), "clients": known.clients()}, indent=1)


def main() -> None:
    """Make it in the volumes as they are mounted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="+", metavar="NAME=URL", help="a service and its public address")
    for volume in ("keys", "trusted", "realm", "sign-ins"):
        parser.add_argument(f"--{volume}", type=Path, default=Path("/") / volume)
    asked = parser.parse_args()
    urls = dict(one.split("=", 1) for one in asked.services)
    folders = {"keys": asked.keys, "trusted": asked.trusted, "realm": asked.realm, "sign_ins": asked.sign_ins}
    make(urls, **folders, month=f"{SystemClock().now():%Y-%m}")


if __name__ == "__main__":
    main()
