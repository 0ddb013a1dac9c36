"""Letters between services: sealed for one receiver's public key, so that nothing on their way can read them.

JWE (RFC 7516) with ECDH-ES and A256GCM, a fresh key for each letter.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from shared.access.service_keys import READING

HEADER = {"alg": "ECDH-ES", "enc": "A256GCM"}
ALGORITHMS = list(HEADER.values())
LONGEST = 200_000


class Unreadable(Exception):
    """Not a letter, not for this service, changed on its way, or for a key that is gone."""


class Letters:
    """Seals letters. `trusted` is the folder of public keys (`<service>.jwks.json`), looked at for each letter."""

    def __init__(self, trusted: Path) -> None:
        self._trusted = trusted

    def seal(self, receiver: str, content: Mapping[str, Any]) -> str:
        """A letter for the newest key of `receiver`. Raises `LookupError` when none is published."""
        file = self._trusted / f"{receiver}.jwks.json"
        keys = KeySet.import_key_set(json.loads(file.read_text())).keys if file.is_file() else []
        newest = max((key for key in keys if key.get("use") == "enc"), key=lambda key: str(key.kid), default=None)
        if newest is None:
            raise LookupError(f"{receiver} has published no key to write to")
        plain = orjson.dumps(dict(content))
        return jwe.encrypt_compact({**HEADER, "kid": newest.kid}, plain, newest, algorithms=ALGORITHMS)


class Reading:
    """Opens a service's own letters with the keys in `<signing keys>/reading`; an older key opens what it was sent."""

    def __init__(self, signing_keys: Path) -> None:
        self._folder = signing_keys / READING

    def open(self, letter: str) -> dict[str, Any]:
        """What was written. Raises `Unreadable`."""
        if len(letter) > LONGEST:
            raise Unreadable("too long")
        try:
            content = orjson.loads(jwe.decrypt_compact(letter, self._keys(), algorithms=ALGORITHMS).plaintext or b"")
        except (JoseError, ValueError, LookupError) as failed:
            raise Unreadable(type(failed).__name__) from None
        if not isinstance(content, dict):
            raise Unreadable("no object")
        return content

    def _keys(self) -> KeySet:
        files = sorted(self._folder.glob("*.pem"))
        return KeySet([ECKey.import_key(file.read_text(), {"kid": f"{READING}-{file.stem}"}) for file in files])
