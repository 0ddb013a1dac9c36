"""Keycloak under the supervisor: back after kill -9 with its keys, drained on SIGTERM, on this machine only."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest
import yaml

from deploy.files import write_atomically
from deploy.local import keycloak_program, plan, ports
from deploy.local.keycloak_server import note_imported, prepare
from deploy.local.places import CHECKOUT, SERVICES
from deploy.local.ports import USUAL
from deploy.local.surroundings import Surroundings
from deploy.local.testing import LocalStack
from deploy.simulate.stack import stack_of
from deploy.simulate.tokens import SignedIn
from shared.access.jwks import FetchedKeys
from shared.access.settings import IssuerSettings
from shared.access.tokens import TokenCheck
from shared.runtime.clock import SystemClock

DRAINED_WITHIN_S = 10.0
LARGEST_MB = 450


async def believed(stack: LocalStack, token: str) -> str:
    """Whose token it is, by the services' own check with keys fetched now."""
    async with httpx.AsyncClient(trust_env=False) as http:
        url = stack.described["issuer"]
        keys = FetchedKeys(f"{url}/protocol/openid-connect/certs", http)
        return str((await TokenCheck(IssuerSettings(issuer=url), keys, SystemClock())(token))["azp"])


async def system_token(stack: LocalStack) -> str:
    """A fresh token of a trust."""
    async with httpx.AsyncClient(trust_env=False) as http:
        return await SignedIn(stack_of(stack.described), http).system_token("trust-rxx")


@pytest.mark.real
async def test_killed_it_is_back_and_what_it_signed_before_is_still_believed(whole: LocalStack) -> None:
    before = await system_token(whole)

    killed = whole.kill("keycloak")
    whole.wait_ready("keycloak", not_pid=killed, within_s=60)

    assert await believed(whole, before) == "trust-rxx"
    assert await believed(whole, await system_token(whole)) == "trust-rxx"


@pytest.mark.real
def test_told_to_stop_it_ends_by_itself(whole: LocalStack) -> None:
    pid = whole.pid("keycloak")
    assert pid
    process = psutil.Process(pid)

    os.kill(pid, signal.SIGTERM)
    process.wait(DRAINED_WITHIN_S)

    whole.wait_ready("keycloak", not_pid=pid, within_s=60)


@pytest.mark.real
def test_it_is_no_larger_than_planned_and_listens_on_this_machine_only(whole: LocalStack) -> None:
    process = psutil.Process(whole.pid("keycloak"))
    listening = [one for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]

    assert process.memory_info().rss / 1024 / 1024 <= LARGEST_MB
    assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}
    assert whole.described["issuer"] in {f"http://127.0.0.1:{one.laddr.port}/realms/beside" for one in listening}


@pytest.mark.real
def test_composes_look_at_its_health_tells_a_running_one_from_none(whole: LocalStack) -> None:
    look = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]["keycloak"]["healthcheck"]["test"]
    script, usual = look[-1].replace("$$", "$"), str(USUAL["keycloak"])
    own = whole.described["issuer"].split(":")[2].split("/")[0]
    free = str(ports.choose(["keycloak"], asked={}, before={}, usual={})["keycloak"])

    def healthy(port: str) -> bool:
        told = subprocess.run([*look[1:3], script.replace(usual, port)], capture_output=True, check=False)
        return told.returncode == 0

    assert usual in script
    assert (healthy(own), healthy(free)) == (True, False)


@pytest.mark.real
def test_what_opens_anything_is_for_its_owner_only(whole: LocalStack) -> None:
    secret = [whole.folder / "stack.json", whole.folder / "keys" / "keycloak-admin.password"]
    secret += [
        *(whole.folder / "keys" / "clients").iterdir(),
        *(whole.folder / "keycloak" / "data" / "import").iterdir(),
    ]

    assert len(secret) > len(SERVICES)
    assert [file.name for file in secret if file.stat().st_mode & 0o077] == []
    assert (whole.folder / "keycloak").stat().st_mode & 0o077 == 0


def test_a_realm_that_was_imported_whole_is_kept_and_another_one_begins_afresh(tmp_path: Path) -> None:
    data = tmp_path / "data" / "h2"
    realm = {"realm": "beside", "users": []}
    prepare(tmp_path, realm)
    note_imported(tmp_path, realm)
    write_atomically(data / "kept", "x")

    prepare(tmp_path, realm)
    assert (data / "kept").exists()

    prepare(tmp_path, realm | {"users": [1]})
    assert not data.exists()
    assert json.loads((tmp_path / "data" / "import" / "beside-realm.json").read_text())["users"] == [1]


def test_an_import_that_was_interrupted_is_begun_again(tmp_path: Path) -> None:
    prepare(tmp_path, {"realm": "beside"})
    write_atomically(tmp_path / "data" / "h2" / "half", "x")

    prepare(tmp_path, {"realm": "beside"})

    assert not (tmp_path / "data" / "h2").exists()


def test_nothing_waits_for_it_and_it_waits_for_nothing(tmp_path: Path) -> None:
    where = plan.addresses(Surroundings(folder=tmp_path))
    units = plan.units(tmp_path, where, "2026-11")
    (keycloak,) = [unit for unit in units if unit.name == "keycloak"]

    assert keycloak.after == ()
    assert [unit.name for unit in units if "keycloak" in unit.after] == []


def test_with_a_named_issuer_there_is_none(tmp_path: Path) -> None:
    named = Surroundings(folder=tmp_path, issuer=("https://issuer.example/realm", "https://issuer.example/keys"))
    where = plan.addresses(named)
    said = plan.described(where, {}, tmp_path)

    assert "keycloak" not in {unit.name for unit in plan.units(tmp_path, where, "2026-11")}
    assert (said["issuer"], said["clients"], said["users"]) == ("https://issuer.example/realm", {}, {})
    assert not (tmp_path / "keys" / "passwords.json").exists()


def test_the_cached_one_is_there() -> None:
    assert keycloak_program.present()
