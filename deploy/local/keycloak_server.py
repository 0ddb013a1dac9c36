"""One Keycloak with the realm of its stack, its database in one folder; the issuer that services and people ask."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from deploy.files import write_atomically
from deploy.keycloak.identities import Identities, random_password
from deploy.keycloak.realm import Representation
from deploy.local import keycloak_program
from deploy.local.issuer import REALM, issuer_at
from deploy.local.services import answers
from deploy.local.unit import Unit

ADMINISTRATOR = "admin"
HEAP = ("-Xms32m", "-Xmx160m")
# One compiler is enough for so little work; it saves 50 MB and a second of each start.
_SMALL = (*HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# No node talks to another one; the log says nothing of ordinary sign-ins.
OPTIONS: Mapping[str, str] = {
    "KC_CACHE": "local",
    "KC_HTTP_ENABLED": "true",
    "KC_HTTP_HOST": "127.0.0.1",
    "KC_LOG_LEVEL": "warn",
    "KC_BOOTSTRAP_ADMIN_USERNAME": ADMINISTRATOR,
}


def keycloak_unit(*, port: int, folder: Path, keys: Path, identities: Identities, urls: Mapping[str, str]) -> Unit:
    """Keycloak on `port` with the realm of `identities` for services at `urls`; nothing waits for it."""
    realm = identities.realm(urls)
    return Unit(
        name="keycloak",
        command=(
            *keycloak_program.command(keycloak_program.FOLDER, folder, *_SMALL, f"-Djava.io.tmpdir={folder / 'tmp'}"),
            *("start", "--optimized", "--import-realm"),
        ),
        environment=options_at(port) | {"KC_BOOTSTRAP_ADMIN_PASSWORD": administrators_password(keys)},
        prepare=partial(prepare, folder, realm),
        ready=partial(answers, port, f"/realms/{REALM}/.well-known/openid-configuration"),
        settle=partial(note_imported, folder, realm),
    )


def options_at(port: int) -> dict[str, str]:
    """Keycloak's settings, but for its administrator's password."""
    address = issuer_at(port).url.partition("/realms/")[0]
    return {**OPTIONS, "KC_HTTP_PORT": str(port), "KC_HOSTNAME": address}


def administrators_password(keys: Path) -> str:
    """The password of Keycloak's own administrator, made once."""
    file = keys / "keycloak-admin.password"
    if not file.exists():
        write_atomically(file, f"{random_password()}-{random_password()}")
    return file.read_text()


def prepare(folder: Path, realm: Representation) -> None:
    """Lay out its home. A database that was not filled from this very realm, or not to its end, is begun afresh."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("conf", "providers", "themes", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    library = folder / "lib"
    if library.is_symlink():
        library.unlink()
    library.symlink_to(keycloak_program.FOLDER / "lib")
    if _imported(folder) != _digest(realm):
        shutil.rmtree(folder / "data", ignore_errors=True)
        write_atomically(folder / "data" / "import" / f"{REALM}-realm.json", json.dumps(realm))


def note_imported(folder: Path, realm: Representation) -> None:
    """Remember that the database holds this very realm."""
    write_atomically(folder / "imported", _digest(realm))


def _imported(folder: Path) -> str:
    noted = folder / "imported"
    return noted.read_text() if noted.exists() else ""


def _digest(realm: Representation) -> str:
    return hashlib.sha256(json.dumps(realm, sort_keys=True).encode()).hexdigest()
