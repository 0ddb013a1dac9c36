"""An issuer for tests: signs whatever it is told with a key of its own, so that the real check is what decides."""

import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.access.service_keys import make_keys, publish
from shared.runtime.clock import Clock, SystemClock, new_id

ISSUER, AUDIENCE, KID = "https://issuer.test/realm", "beside", "test-1"
SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")
ALL_SITES = ("coventry-warwickshire", "halton", "newham")


@cache
def _key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": KID}, private=True)


def public_key() -> ECKey:
    """What everybody may have of the issuer's key."""
    return ECKey.import_key(_key().as_dict(private=False))


def signature_of(signed: bytes) -> bytes:
    """The issuer's signature of any bytes, for tokens that no library would make."""
    key = _key().private_key
    assert key is not None
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def token(claims: Mapping[str, Any], *, key: ECKey | None = None, header: Mapping[str, Any] | None = None) -> str:
    """Any claims under any header, signed by the test's key or another."""
    return jwt.encode({"alg": "ES256", "kid": KID, **(header or {})}, dict(claims), key or _key())


def claims_of(role: str, person: str, clock: Clock | None = None, **more: Any) -> dict[str, Any]:
    """What a good token of a member of staff of every site of the first provider says; `more` wins."""
    now = (clock or SystemClock()).now()
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": person,
        "azp": person,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=5)).timestamp()),
        "jti": str(new_id()),
        "roles": [role],
        "provider": "nct",
        "sites": list(ALL_SITES),
        "scope": "referral:write",
        "auth_time": int(now.timestamp()),
    }
    return usual | more


def bearer(acting: str, clock: Clock | None = None, **more: Any) -> dict[str, str]:
    """The header of a caller written as "<role>/<id>"."""
    role, _, person = acting.partition("/")
    return {"Authorization": f"Bearer {token(claims_of(role, person, clock, **more))}"}


def fresh(headers: "dict[str, str] | Callable[[], dict[str, str]]") -> dict[str, str]:
    """Headers of a table of cases: a token in them is made when it is used, for a run may outlast a token's life."""
    return headers() if callable(headers) else headers


@cache
def _keys() -> "tempfile.TemporaryDirectory[str]":
    """The services' own keys, the same for everything in this process; they go with it."""
    kept = tempfile.TemporaryDirectory(prefix="beside-keys-")
    for name in SERVICES:
        make_keys(Path(kept.name) / "signing" / name, "2026-11")
        publish(Path(kept.name) / "signing" / name, Path(kept.name) / "trusted", name)
    return kept


def access_settings(folder: Path, service: str) -> dict[str, Any]:
    """The settings by which a service believes this issuer and the other services; makes the files they name."""
    jwks = folder / "issuer.jwks.json"
    jwks.write_text(json.dumps(KeySet([_key()]).as_dict(private=False)))
    keys = Path(_keys().name)
    return {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "jwks_file": jwks,
        "signing_keys": keys / "signing" / service,
        "trusted_keys": keys / "trusted",
        "audit_heads": folder / "heads",
    }
