"""The only file of the local stack that reads environment variables; standard library only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.places import CHECKOUT, LOCAL, SERVICES

PORT_NAMES = (*SERVICES, "kafka", "kafka-controller", "mongo", "mail", "mail-http", "keycloak")
_SERVICE_PREFIXES = tuple(f"{service.upper()}_" for service in SERVICES)
FREE_PORTS = "BESIDE_FREE_PORTS"
_FREE_PORTS = "20000-31999"  # below the range from which the kernel serves outgoing connections
_KEPT = (
    *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "JAVA_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    FREE_PORTS,
)


@dataclass(frozen=True)
class Surroundings:
    """What the caller's environment asks of the local stack.

    BESIDE_LOCAL names the stack's folder, BESIDE_PORT_<NAME> a port (referral ... outcomes, kafka, mongo, mail ...),
    BESIDE_MONGOD another mongod, BESIDE_ISSUER an issuer in place of the stack's own Keycloak, BESIDE_ISSUER_JWKS the
    file or address of its public keys, BESIDE_TEST_KAFKA and BESIDE_TEST_MONGO a cluster for the tests to use,
    BESIDE_TEST_CONTAINERS=0 forbids the tests to start containers; CI means that nobody watches. BESIDE_FREE_PORTS,
    which `free_ports` reads, has runs at the same time choose from ranges of their own.
    """

    folder: Path = LOCAL
    ports: Mapping[str, int] = field(default_factory=dict)
    mongod: str | None = None
    issuer: tuple[str, str] | None = None
    test_kafka: str | None = None
    test_mongo: str | None = None
    containers: bool = True
    unattended: bool = False


def read(environ: Mapping[str, str] | None = None) -> Surroundings:
    """Read the variables above; raises `ValueError` naming the one that is no port, or that another one needs."""
    env = os.environ if environ is None else environ
    variables = {name: port_variable(name) for name in PORT_NAMES}
    return Surroundings(
        folder=Path(env.get("BESIDE_LOCAL") or LOCAL).absolute(),
        ports={name: _port(variable, env[variable]) for name, variable in variables.items() if env.get(variable)},
        mongod=env.get("BESIDE_MONGOD") or None,
        issuer=_issuer(env.get("BESIDE_ISSUER", ""), env.get("BESIDE_ISSUER_JWKS", "")),
        test_kafka=env.get("BESIDE_TEST_KAFKA") or None,
        test_mongo=env.get("BESIDE_TEST_MONGO") or None,
        containers=env.get("BESIDE_TEST_CONTAINERS") != "0",
        unattended=bool(env.get("CI")),
    )


def port_variable(name: str) -> str:
    """The variable that asks for one port, e.g. BESIDE_PORT_MAIL_HTTP."""
    return f"BESIDE_PORT_{name.upper().replace('-', '_')}"


def free_ports(environ: Mapping[str, str] | None = None) -> range:
    """Where ports that nobody asked for are chosen, "<first>-<last>"; raises `ValueError` naming the variable."""
    env = os.environ if environ is None else environ
    first, _, last = (env.get(FREE_PORTS) or _FREE_PORTS).partition("-")
    return range(_port(FREE_PORTS, first), _port(FREE_PORTS, last) + 1)


def choose_free_ports_from(first: int, last: int) -> None:
    """Have this process, and the stacks that it starts, choose free ports in this range only."""
    os.environ[FREE_PORTS] = f"{first}-{last}"


def inherited() -> dict[str, str]:
    """The caller's whole environment, for tools that must see it (proxies, certificates, package settings)."""
    return dict(os.environ)


def for_child(own: Mapping[str, str]) -> dict[str, str]:
    """What a process of the stack sees: the machine's basics, the caller's settings for services, and `own` on top."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    services = {name: value for name, value in os.environ.items() if name.startswith(_SERVICE_PREFIXES)}
    return {**kept, **services, "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1", **own}


def _issuer(url: str, keys: str) -> tuple[str, str] | None:
    if bool(url) != bool(keys):
        raise ValueError("BESIDE_ISSUER and BESIDE_ISSUER_JWKS, the file or address of its keys, go together")
    return (url, keys) if url else None


def _port(variable: str, value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise ValueError(f"{variable} must be a port between 1 and 65535, not {value!r}")
    return int(value)
