"""Forty ways to come in with a token that proves nothing, each built from a good one."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.runtime.clock import Clock
from shared.testing.issuer import AUDIENCE, ISSUER, KID, claims_of, public_key, signature_of, token

Attack = Callable[[Clock], str]
OTHERS_KEY = ECKey.generate_key("P-256", {"kid": KID}, private=True)
OTHERS_RSA = RSAKey.generate_key(2048, {"kid": KID}, private=True)
ROLE, PERSON = "project-manager", "somebody"


def _claims(clock: Clock, **more: Any) -> dict[str, Any]:
    found = claims_of(ROLE, PERSON, clock, **more)
    return {name: value for name, value in found.items() if value is not None}


def _at(clock: Clock, away: timedelta) -> int:
    return int((clock.now() + away).timestamp())


def _part(value: Mapping[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _with(**more: Any) -> Attack:
    return lambda clock: token(_claims(clock, **more))


def _header(**more: Any) -> Attack:
    def attack(clock: Clock) -> str:
        good = token(_claims(clock)).split(".")
        header = {"alg": "ES256", "kid": KID, **more}
        return ".".join([_part({name: value for name, value in header.items() if value is not None}), *good[1:]])

    return attack


def _unsigned(alg: str) -> Attack:
    return lambda clock: ".".join([_part({"alg": alg, "kid": KID}), _part(_claims(clock)), ""])


def _confused(clock: Clock) -> str:
    """The public key, which everybody has, used as the secret of a symmetric algorithm."""
    signed = f"{_part({'alg': 'HS256', 'kid': KID})}.{_part(_claims(clock))}"
    return f"{signed}.{_part(hmac.digest(public_key().as_pem(private=False), signed.encode(), 'sha256'))}"


def _with_a_rule(clock: Clock) -> str:
    """Well signed, under a header that says a rule must be kept which we do not know."""
    signed = f"{_part({'alg': 'ES256', 'kid': KID, 'crit': ['x'], 'x': 1})}.{_part(_claims(clock))}"
    return f"{signed}.{_part(signature_of(signed.encode()))}"


def _weak(clock: Clock) -> str:
    secret = OctKey.import_key(b"beside" * 6)
    return jwt.encode({"alg": "HS256", "kid": KID}, _claims(clock), secret, algorithms=["HS256"])


def _own_key_in_header(clock: Clock) -> str:
    header = {"alg": "ES256", "kid": KID, "jwk": OTHERS_KEY.as_dict(private=False)}
    return jwt.encode(header, _claims(clock), OTHERS_KEY)


def _changed(clock: Clock) -> str:
    head, _, signature = token(_claims(clock)).split(".")
    return ".".join([head, _part(_claims(clock, roles=["safeguarding-manager"])), signature])


def _zero_signature(clock: Clock) -> str:
    return ".".join([*token(_claims(clock)).split(".")[:2], _part(bytes(64))])


def _service_shaped(clock: Clock) -> str:
    """Signed by a stranger, named like a service's key."""
    claims = {
        "iss": "beside:support",
        "aud": "beside:triage",
        "sub": "service/support",
        "iat": _at(clock, timedelta()),
        "exp": _at(clock, timedelta(seconds=30)),
        "jti": "x",
    }
    return jwt.encode({"alg": "ES256", "kid": "support/2026-11"}, claims, OTHERS_KEY)


ATTACKS: dict[str, Attack] = {
    "expired": lambda clock: token(
        _claims(clock, iat=_at(clock, -timedelta(minutes=5)), exp=_at(clock, -timedelta(seconds=11)))
    ),
    "expired long ago": lambda clock: token(_claims(clock, iat=0, exp=300)),
    "not yet valid": lambda clock: token(_claims(clock, nbf=_at(clock, timedelta(seconds=30)))),
    "issued in the future": lambda clock: token(
        _claims(clock, iat=_at(clock, timedelta(minutes=1)), exp=_at(clock, timedelta(minutes=5)))
    ),
    "lives too long": lambda clock: token(_claims(clock, exp=_at(clock, timedelta(hours=1)))),
    "no expiry": _with(exp=None),
    "expiry is a text": _with(exp="tomorrow"),
    "expiry is negative": _with(exp=-1),
    "no issue time": _with(iat=None),
    "another issuer": _with(iss="https://evil.test/realm"),
    "issuer with a slash more": _with(iss=f"{ISSUER}/"),
    "no issuer": _with(iss=None),
    "another audience": _with(aud="another"),
    "no audience": _with(aud=None),
    "audience in another case": _with(aud=AUDIENCE.upper()),
    "audiences without ours": _with(aud=["one", "two"]),
    "no subject": _with(sub=None),
    "subject is empty": _with(sub=""),
    "subject is a path": _with(sub="../../etc"),
    "subject is a list": _with(sub=["somebody"]),
    "unsigned": _unsigned("none"),
    "unsigned, None": _unsigned("None"),
    "unsigned, nOnE": _unsigned("nOnE"),
    "no algorithm": _header(alg=None),
    "algorithm taken off": _header(alg="none"),
    "algorithm of another family": _header(alg="RS256"),
    "public key as a secret": _confused,
    "a guessed secret": _weak,
    "another's key under our name": lambda clock: token(_claims(clock), key=OTHERS_KEY),
    "another family's key under our name": lambda clock: jwt.encode(
        {"alg": "RS256", "kid": KID}, _claims(clock), OTHERS_RSA
    ),
    "a key nobody has": lambda clock: token(_claims(clock), key=OTHERS_KEY, header={"kid": "evil"}),
    "no key named": lambda clock: token(_claims(clock), header={"kid": ""}),
    "a key named by a path": lambda clock: token(_claims(clock), key=OTHERS_KEY, header={"kid": "../../dev/null"}),
    "its own key in the header": _own_key_in_header,
    "an address of keys in the header": lambda clock: token(
        _claims(clock), key=OTHERS_KEY, header={"jku": "https://evil.test/keys"}
    ),
    "a rule nobody understands": _with_a_rule,
    "claims changed after signing": _changed,
    "signature of zeros": _zero_signature,
    "signature missing": lambda clock: token(_claims(clock)).rsplit(".", 1)[0] + ".",
    "one part missing": lambda clock: token(_claims(clock)).rsplit(".", 1)[0],
    "a part too many": lambda clock: token(_claims(clock)) + ".x",
    "no token at all": lambda clock: "bm90IGEgdG9rZW4",
    "far too long": lambda clock: token(_claims(clock, padding="x" * 9_000)),
    "not a text of the web": lambda clock: "é" * 40,
    "a stranger's token shaped like a service's": _service_shaped,
    "a role she does not have": lambda clock: token(_claims(clock, roles=[])),
}  # fmt: skip
"""The last proves who she is and gives her nothing."""
