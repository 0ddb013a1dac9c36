"""The realm that is imported: every role, nothing but the code flow and signed assertions, no secret of ours in git."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deploy.keycloak.identities import made, make_passwords, public_key, shipped_people
from deploy.keycloak.people import people_from
from deploy.keycloak.realm import web_client
from deploy.local.places import CHECKOUT, SERVICES
from deploy.simulate.cast import COMMISSIONER, LEAD, PROJECT_MANAGERS, TRAINER, TRIAGE_WORKER, TRUST, VOLUNTEERS
from deploy.simulate.sign_ins import SEES
from shared.access.roles import ROLES
from shared.access.settings import ClaimNames
from shared.access.wiring import policy

URLS = {name: f"http://127.0.0.1:{18101 + number}" for number, name in enumerate(SERVICES)}
LONGEST_TOKEN_S = 300
ISSUER_IS_LATE_S = 10
"""A slow issuer writes an end that is a second or more further from the beginning than the realm says."""
SITES = yaml.safe_load((CHECKOUT / "shared" / "programmes" / "sites.yaml").read_text())


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The realm of a stack whose keys are made for it."""
    return realm_in(tmp_path_factory.mktemp("realm"))


def realm_in(folder: Path) -> Mapping[str, Any]:
    """The realm made with what is kept, or made now, in a folder."""
    people = shipped_people()
    clients = [*map(web_client, SERVICES), *(trust.client for trust in people.trusts)]
    files = {client: folder / f"{client}.pem" for client in clients}
    return made(people, passwords=folder / "passwords.json", key_files=files).realm(URLS)


def clients(realm: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The realm's clients by id."""
    return {one["clientId"]: one for one in realm["clients"]}


def test_it_has_every_role_that_the_policy_knows(realm: Mapping[str, Any]) -> None:
    assert {role["name"] for role in realm["roles"]["realm"]} == set(ROLES)


def test_somebody_can_be_tried_out_in_every_role_that_a_row_names() -> None:
    people = shipped_people()
    held = {role for one in people.people for role in one.roles}
    named = {role for operation in policy().operations.values() for role in operation.rows}

    assert named - held == {"referrer-system"}
    assert people.trusts
    assert set(SEES) == held


def test_no_client_takes_passwords_or_hands_tokens_to_a_browser(realm: Mapping[str, Any]) -> None:
    for name, client in clients(realm).items():
        assert not client["directAccessGrantsEnabled"], name
        assert not client["implicitFlowEnabled"], name


def test_every_code_flow_wants_the_proof_of_who_asked(realm: Mapping[str, Any]) -> None:
    flows = {name: one for name, one in clients(realm).items() if one["standardFlowEnabled"]}

    assert set(flows) == {"beside-cli", *map(web_client, SERVICES)}
    assert {one["attributes"]["pkce.code.challenge.method"] for one in flows.values()} == {"S256"}


def test_each_services_pages_have_a_client_of_their_own_that_leads_nowhere_else(realm: Mapping[str, Any]) -> None:
    for service, url in URLS.items():
        client = clients(realm)[web_client(service)]
        assert client["redirectUris"] == [f"{url}/sign-in/back"]
        assert client["attributes"]["backchannel.logout.url"] == f"{url}/sign-out/by-issuer"
        assert client["attributes"]["backchannel.logout.session.required"] == "true"
        assert client["attributes"]["post.logout.redirect.uris"] == f"{url}/signed-out"


def test_confidential_clients_prove_themselves_with_keys_of_their_own(realm: Mapping[str, Any]) -> None:
    keys = []
    for name, client in clients(realm).items():
        if not client["publicClient"]:
            assert client["clientAuthenticatorType"] == "client-jwt", name
            (key,) = json.loads(client["attributes"]["jwks.string"])["keys"]
            assert set(key) == {"kty", "crv", "x", "y", "use", "kid"}, "the private half must stay where it is"
            keys.append(key["kid"])

    assert len(keys) == len(set(keys)) == len(SERVICES) + len(shipped_people().trusts)


def test_nothing_lasts_longer_than_it_should(realm: Mapping[str, Any]) -> None:
    assert realm["accessTokenLifespan"] <= LONGEST_TOKEN_S - ISSUER_IS_LATE_S
    assert realm["accessCodeLifespan"] <= 60
    assert all(one["attributes"]["use.refresh.tokens"] == "false" for one in clients(realm).values() if one["enabled"])
    assert not any("access.token.lifespan" in one.get("attributes", {}) for one in clients(realm).values())


def test_the_claims_are_called_what_the_services_look_for(realm: Mapping[str, Any]) -> None:
    names = ClaimNames()
    mapped = {one["config"].get("claim.name") for one in realm["clientScopes"][0]["protocolMappers"]}

    assert {names.roles, names.provider, names.sites, names.organisations} <= mapped


def test_nobody_can_change_where_she_works(realm: Mapping[str, Any]) -> None:
    (provider,) = realm["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(provider["config"]["kc.user.profile.config"][0])
    may_edit = {one["name"]: one["permissions"]["edit"] for one in profile["attributes"]}

    given = ("username", "provider", "sites", "organisations")
    assert {name: may_edit[name] for name in given} == {name: ["admin"] for name in given}
    assert "unmanagedAttributePolicy" not in profile


def test_no_password_or_key_is_committed() -> None:
    for file in (CHECKOUT / "deploy" / "keycloak").glob("*.yaml"):
        text = file.read_text().lower()
        assert "password:" not in text, file
        assert "secret" not in text, file


def test_everybody_works_at_sites_of_her_own_provider_and_every_provider_has_people() -> None:
    by_provider = {one["id"]: {site["id"] for site in one["sites"]} for one in SITES["providers"]}
    staff = [one for one in shipped_people().people if one.provider]

    assert {one.provider for one in staff} == by_provider.keys()
    assert all(set(one.sites) <= by_provider[one.provider] for one in staff if one.provider)
    assert len(by_provider) == 2


def test_ids_and_names_are_used_once() -> None:
    people = shipped_people()
    ids = [*(one.id for one in people.people), *(one.id for one in people.trusts)]
    names = [*(one.name for one in people.people), *(one.client for one in people.trusts)]

    assert len(ids) == len(set(ids))
    assert len(names) == len(set(names))


def test_whoever_plays_in_the_story_has_an_account_with_the_role_and_site_it_takes() -> None:
    person = shipped_people().person
    roles = {
        one.name: set(person(one.name).roles)
        for one in (COMMISSIONER, LEAD, TRAINER, TRIAGE_WORKER, *PROJECT_MANAGERS.values(), *VOLUNTEERS.values())
    }

    assert {name: held for name, held in roles.items() if len(held) > 1} == {
        "pm-newham": {"project-manager", "safeguarding-lead"}
    }
    assert PROJECT_MANAGERS["newham"].role == "project-manager"
    for site, staff in (*PROJECT_MANAGERS.items(), *VOLUNTEERS.items()):
        assert site in person(staff.name).sites
    assert TRUST.client in {trust.client for trust in shipped_people().trusts}


@pytest.mark.parametrize(
    ("old", "new"),
    [("roles: [trainer]", "roles: [trainor]"), ("provider:", "proveider:"), ("name: trainer", "name: T 1")],
)
def test_a_misspelt_file_is_refused(old: str, new: str) -> None:
    text = (CHECKOUT / "deploy" / "keycloak" / "people.yaml").read_text()
    assert old in text

    with pytest.raises(ValidationError):
        people_from(text.replace(old, new, 1))


def test_passwords_are_kept_random_and_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "passwords.json"
    first = make_passwords(file, ["a", "b"])
    second = make_passwords(file, ["b", "c"])

    assert second["b"] == first["b"]
    assert len({*first.values(), *second.values()}) == 3
    assert all(len(password) >= 16 for password in first.values())
    assert json.loads(file.read_text()) == second
    assert file.stat().st_mode & 0o077 == 0


def test_the_same_keys_and_passwords_make_the_same_realm_and_others_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    assert realm_in(one) == realm_in(one)
    assert realm_in(one) != realm_in(other)


def test_a_keys_id_is_its_thumbprint(tmp_path: Path) -> None:
    people = shipped_people()
    file = tmp_path / "client.pem"
    identities = made(people, passwords=tmp_path / "passwords.json", key_files={"client": file})

    assert public_key(file)["kid"] == public_key(identities.key_files["client"])["kid"]
    assert file.stat().st_mode & 0o077 == 0
