"""The services' own keys: each signs short tokens with a file of its own, two valid at a time, and has one to be
written to (`letters.py`)."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact

from shared.access.caller import Caller
from shared.access.refusals import unproved
from shared.access.roles import SERVICE
from shared.runtime.clock import Clock, new_id

ALGORITHM = "ES256"
ISSUERS = "beside:"
LIFE = timedelta(seconds=60)
LEEWAY_S = 60
"""Seconds by which two machines' clocks may differ: an urgent event must not be turned away for that."""
READING = "reading"
"""The folder, inside that of the signing keys, of the keys that open letters."""
Claims = Mapping[str, Any]


class Signer:
    """Signs as one service, with the newest key in its folder (by name); an older one may still be believed."""

    def __init__(self, service: str, folder: Path, clock: Clock) -> None:
        self.service = service
        self._clock = clock
        newest = max(folder.glob("*.pem"), key=lambda file: file.stem, default=None)
        if newest is None:
            raise FileNotFoundError(f"{folder} holds no signing key (*.pem)")
        self._key = ECKey.import_key(newest.read_text(), {"kid": newest.stem})

    def sign(self, audience: str, subject: str, *, life: timedelta = LIFE, more: Claims | None = None) -> str:
        """A token for one receiver about one subject; unique, so that it is believed once."""
        now = self._clock.now()
        claims = {
            **(more or {}),
            "iss": f"{ISSUERS}{self.service}",
            "aud": audience,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "jti": str(new_id()),
        }
        header = {"alg": ALGORITHM, "kid": f"{self.service}/{self._key.kid}"}
        return jwt.encode(header, claims, self._key)


def for_service(signer: Signer, receiver: str, caller: Caller | None = None, *, matches: Sequence[UUID] = ()) -> str:
    """The header Authorization for one call to another service, for `caller` or for the service itself.

    `matches`: the cases that the caller, a volunteer, is matched with, as the service that signs knows them.
    """
    if caller is None:
        return f"Bearer {signer.sign(f'{ISSUERS}{receiver}', f'{SERVICE}/{signer.service}')}"
    more = {"provider": caller.provider, "sites": list(caller.sites)}
    more |= {"matches": [str(one) for one in matches]} if matches else {}
    return f"Bearer {signer.sign(f'{ISSUERS}{receiver}', str(caller), more=more)}"


class Trusted:
    """The public keys of the services, one file each (`<service>.jwks.json`); read again when a token names another."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._keys: dict[str, KeySet] = {}

    def verify(self, token: str, *, audience: str, longest: timedelta = LIFE) -> tuple[str, Claims]:
        """The service that signed the token, and its claims. Raises `Refused` (401)."""
        try:
            kid = str(extract_compact(token.encode()).headers().get("kid", ""))
        except (JoseError, ValueError):
            raise unproved("access.token_unreadable") from None
        service, _, name = kid.partition("/")
        claims = self._decoded(token, service, name)
        now = int(self._clock.now().timestamp())
        if claims.get("iss") != f"{ISSUERS}{service}" or claims.get("aud") != audience:
            raise unproved("access.service_token_names")
        issued, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(ends, int) or not claims.get("jti"):
            raise unproved("access.service_token_names")
        if ends <= now - LEEWAY_S or issued > now + LEEWAY_S or ends - issued > longest.total_seconds():
            raise unproved("access.service_token_times")
        return service, claims

    def _decoded(self, token: str, service: str, name: str) -> Claims:
        keys = self._of(service, name)
        key = next((one for one in keys.keys if one.kid == name and one.get("use") != "enc"), None)
        if key is None:
            raise unproved("access.service_token_key")
        try:
            return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            raise unproved("access.service_token_signature") from None

    def _of(self, service: str, name: str) -> KeySet:
        known = self._keys.get(service)
        if known is not None and any(one.kid == name for one in known.keys):
            return known
        file = self._folder / f"{service}.jwks.json"
        if not service.isalpha() or not file.is_file():
            raise unproved("access.service_token_key")
        self._keys[service] = KeySet.import_key_set(json.loads(file.read_text()))
        return self._keys[service]


def is_service_token(token: str) -> bool:
    """Whether a token says it is one of a service's; to be believed only once it is verified."""
    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, UnicodeEncodeError):
        return False
    return "/" in str(header.get("kid", "")) and header.get("alg") == ALGORITHM


def make_key(folder: Path, name: str) -> None:
    """Make a signing key that only this user can read; an existing one is never touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{name}.pem"
    if not file.exists():
        draft = file.with_suffix(f".{new_id().hex[:8]}")
        draft.touch(mode=0o600)
        draft.write_bytes(ECKey.generate_key("P-256", private=True).as_pem(private=True))
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()


def make_keys(folder: Path, name: str) -> None:
    """Make what a service signs with, and what opens its letters; existing ones are never touched."""
    make_key(folder, name)
    make_key(folder / READING, name)


def publish(folder: Path, public: Path, service: str, *, newest: int = 2) -> None:
    """Write the public halves of the newest keys in `folder` as `<service>.jwks.json`, whole or not at all."""
    keys = [
        *_public(folder, newest, "", "sig"),
        *_public(folder / READING, newest, f"{READING}-", "enc"),
    ]
    public.mkdir(parents=True, exist_ok=True)
    draft = public / f".{service}.{new_id().hex[:8]}"
    draft.write_text(json.dumps({"keys": keys}))
    draft.replace(public / f"{service}.jwks.json")


def _public(folder: Path, newest: int, prefix: str, use: str) -> list[dict[str, Any]]:
    files = sorted(folder.glob("*.pem"), key=lambda file: file.stem)[-newest:]
    keys = [ECKey.import_key(file.read_text(), {"kid": f"{prefix}{file.stem}"}) for file in files]
    return [dict(key.as_dict(private=False, use=use)) for key in keys]
