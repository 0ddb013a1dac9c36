"""A stack whose services are reached through a Caddy with deploy/front_door/Caddyfile, and certificates of its own."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from deploy.local import caddy_program, ports
from deploy.local.places import CHECKOUT, SERVICES
from deploy.local.testing import LocalStack, own_stack, running
from deploy.local.unit import Unit
from shared.runtime.clock import new_id

PROXY_NAME = "proxy.bars.example.nhs.uk"
CADDYFILE = CHECKOUT / "deploy" / "front_door" / "Caddyfile"


@dataclass(frozen=True)
class FrontDoor:
    """Where the doors are, what is behind them, and what those who come in trust or show."""

    stack: LocalStack
    origin: str
    proxy_origin: str
    log: Path
    authority: trustme.CA
    proxies: trustme.CA

    def client(self, shown: trustme.LeafCert | None = None) -> httpx.AsyncClient:
        """A client that believes the door's certificate, and shows one of its own if it has any."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if shown:
            shown.configure_cert(context)
        return httpx.AsyncClient(verify=context, trust_env=False, timeout=30)


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    """Both doors open, everything behind them running."""
    folder, key = tmp_path_factory.mktemp("front-door"), str(new_id())
    chosen = ports.choose(("front-door", "national-proxy"), asked={}, before={}, usual={})
    origin, proxy = (f"https://localhost:{chosen[name]}" for name in ("front-door", "national-proxy"))
    (folder / "door.key").write_text(key)
    with own_stack(folder / "stack", settings=public_settings(origin, folder / "door.key")) as stack:
        authority, proxies = trustme.CA(), trustme.CA()
        unit = caddy(folder, stack, origin, certificates(folder, authority, proxies), proxy, key)
        with running(unit, folder):
            yield FrontDoor(stack, origin, proxy, folder / "front-door.log", authority, proxies)


def public_settings(origin: str, key: Path) -> dict[str, str]:
    """How the services are told that browsers reach them through one origin."""
    urls = json.dumps({name: f"{origin}/{name}" for name in SERVICES})
    told = {f"{name.upper()}_SERVICE_URLS": urls for name in SERVICES}
    told |= {f"{name.upper()}_PUBLIC_URL": f"{origin}/{name}" for name in SERVICES}
    return told | {"REFERRAL_NATIONAL_PROXY": PROXY_NAME, "REFERRAL_FRONT_DOOR_KEY": str(key)}


def certificates(folder: Path, authority: trustme.CA, proxies: trustme.CA) -> dict[str, str]:
    """The door's own certificate, and the authority whose certificates the proxy shows."""
    own = authority.issue_cert("localhost")
    own.private_key_pem.write_to_path(folder / "door.pem")
    for one in own.cert_chain_pems:
        one.write_to_path(folder / "door.crt", append=True)
    proxies.cert_pem.write_to_path(folder / "proxies.crt")
    return {
        "FRONT_DOOR_TLS": f"{folder / 'door.crt'} {folder / 'door.pem'}",
        "NATIONAL_PROXY_CA": str(folder / "proxies.crt"),
    }


def caddy(folder: Path, stack: LocalStack, origin: str, tls: dict[str, str], proxy: str, key: str) -> Unit:
    """Caddy with the committed file, told by its environment alone."""
    behind = {name.upper(): url.removeprefix("http://") for name, url in stack.urls.items()}
    return Unit(
        name="front-door",
        command=(str(caddy_program.path()), "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)),
        ready=lambda: _answers(origin),
        environment={
            **behind,
            **tls,
            "FRONT_DOOR": origin,
            **({"KEEP_BODY": "buffer_requests"} if caddy_program.version().lstrip("v").startswith("2.6.") else {}),
            "MORE_DOORS": "national-proxy",
            "NATIONAL_PROXY": proxy,
            "DOOR_KEY": key,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
        },
    )


def _answers(origin: str) -> bool:
    try:
        httpx.get(f"{origin}/", verify=False, trust_env=False, timeout=2)  # noqa: S501 (whether it listens, no more)
    except httpx.HTTPError:
        return False
    return True
