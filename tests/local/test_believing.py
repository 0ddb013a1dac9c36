"""What a stack's services are told about whom to believe: its own Keycloak or a named issuer, and each other."""

from pathlib import Path

import pytest

from deploy.local import plan, surroundings
from deploy.local.issuer import named_issuer
from deploy.local.places import SERVICES
from deploy.local.ports import USUAL
from deploy.local.services import Addresses, make_keys, settings_of
from deploy.local.surroundings import Surroundings
from deploy.local.testing import believing_tests
from shared.access.jwks import PinnedKeys
from shared.access.service_keys import Signer, Trusted
from shared.access.settings import IssuerSettings
from shared.access.tokens import TokenCheck
from shared.runtime.clock import SystemClock
from shared.runtime.problems import Refused
from shared.testing.issuer import ISSUER, claims_of, token

KEYS_AT = "https://issuer.example/keys"


def told(folder: Path, *, issuer: tuple[str, str] | None = None) -> dict[str, str]:
    """What triage is told, without its prefix."""
    named = named_issuer(*issuer) if issuer else None
    settings = settings_of("triage", Addresses(ports=USUAL, mongo="", named_issuer=named), folder)
    return {name.removeprefix("TRIAGE_"): value for name, value in settings.items()}


def test_by_default_the_stacks_own_keycloak_is_believed_and_knows_the_services_pages(tmp_path: Path) -> None:
    settings = told(tmp_path)
    plan.identities(tmp_path / "keys")

    realm = f"http://127.0.0.1:{USUAL['keycloak']}/realms/beside"
    assert (settings["ISSUER"], settings["AUDIENCE"]) == (realm, "beside")
    assert settings["JWKS_URL"] == f"{realm}/protocol/openid-connect/certs"
    assert "JWKS_FILE" not in settings
    assert settings["WEB_CLIENT"] == "beside-web-triage"
    assert Path(settings["WEB_CLIENT_KEY"]).read_text().startswith("-----BEGIN")
    assert settings["PUBLIC_URL"] == f"http://127.0.0.1:{USUAL['triage']}"


@pytest.mark.parametrize(("keys", "said"), [(KEYS_AT, "JWKS_URL"), ("/keys/issuer.json", "JWKS_FILE")])
def test_a_named_issuer_is_believed_by_its_address_or_file_and_has_its_own_clients(
    keys: str, said: str, tmp_path: Path
) -> None:
    settings = told(tmp_path, issuer=("https://issuer.example", keys))

    assert (settings["ISSUER"], settings[said]) == ("https://issuer.example", keys)
    assert {"JWKS_URL", "JWKS_FILE"} - {said} - settings.keys()
    assert not {"WEB_CLIENT", "WEB_CLIENT_KEY"} & settings.keys()


def test_a_file_is_found_wherever_a_service_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert named_issuer("https://issuer.example", "keys.json").jwks_file == str(tmp_path / "keys.json")


def test_an_issuer_is_named_by_two_variables_or_not_at_all() -> None:
    both = {"BESIDE_ISSUER": "https://issuer.example", "BESIDE_ISSUER_JWKS": KEYS_AT}

    assert surroundings.read(both).issuer == ("https://issuer.example", KEYS_AT)
    assert surroundings.read({}).issuer is None
    for name, value in both.items():
        with pytest.raises(ValueError, match="BESIDE_ISSUER_JWKS"):
            surroundings.read({name: value})


async def test_a_stack_for_tests_believes_the_tests_issuer(tmp_path: Path) -> None:
    named = believing_tests(tmp_path)
    where = plan.addresses(Surroundings(folder=tmp_path, issuer=surroundings.read(named).issuer))
    check = TokenCheck(IssuerSettings(issuer=ISSUER), PinnedKeys(Path(where.issuer.jwks_file)), SystemClock())

    assert where.issuer.url == ISSUER
    assert (await check(token(claims_of("auditor", "somebody"))))["sub"] == "somebody"


def test_every_service_believes_every_other_before_it_starts(tmp_path: Path) -> None:
    for service in SERVICES:
        make_keys(service, tmp_path, "2026-11")
    trusted = Trusted(tmp_path / "trusted", SystemClock())

    for service in SERVICES:
        signed = Signer(service, tmp_path / "signing" / service, SystemClock()).sign("beside:triage", "a subject")
        assert trusted.verify(signed, audience="beside:triage")[0] == service


def test_in_another_month_a_new_key_signs_and_what_the_last_one_signed_is_still_believed(tmp_path: Path) -> None:
    make_keys("support", tmp_path, "2026-11")
    before = Signer("support", tmp_path / "signing" / "support", SystemClock()).sign("beside:triage", "a")
    make_keys("support", tmp_path, "2026-12")
    after = Signer("support", tmp_path / "signing" / "support", SystemClock()).sign("beside:triage", "a")
    trusted = Trusted(tmp_path / "trusted", SystemClock())

    assert trusted.verify(before, audience="beside:triage")[0] == "support"
    assert trusted.verify(after, audience="beside:triage")[0] == "support"

    make_keys("support", tmp_path, "2027-01")
    with pytest.raises(Refused):
        Trusted(tmp_path / "trusted", SystemClock()).verify(before, audience="beside:triage")


def test_starting_again_changes_no_key(tmp_path: Path) -> None:
    make_keys("triage", tmp_path, "2026-11")
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    make_keys("triage", tmp_path, "2026-11")

    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == files
