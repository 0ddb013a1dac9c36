"""Makes the realm that Keycloak imports: the committed part, and what differs from stack to stack. Pure."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from deploy.keycloak.people import People, Person, Trust
from shared.access.roles import ROLES

Representation = dict[str, Any]
Jwk = Mapping[str, Any]
SYSTEM_ROLE = "referrer-system"
CLI = "beside-cli"
ALGORITHM = "ES256"
STAFF_ATTRIBUTES = ("provider", "sites", "organisations")


def web_client(service: str) -> str:
    """The id of the client behind a service's sign-in pages; one each, so that no key opens another's door."""
    return f"beside-web-{service}"


def realm(
    base: str, people: People, *, urls: Mapping[str, str], passwords: Mapping[str, str], keys: Mapping[str, Jwk]
) -> Representation:
    """The whole realm, ready to be imported.

    `base` is the text of realm.yaml; `urls` are the services' public addresses, `passwords` by the person's name,
    `keys` the public keys by client id. Raises `KeyError` when one of them is missing.
    """
    made: Representation = yaml.safe_load(base)
    made["roles"] = {"realm": [{"name": role} for role in ROLES]}
    scope = made["clientScopes"][0]["name"]
    made["scopeMappings"] = [{"clientScope": scope, "roles": list(ROLES)}]
    made["components"] = _profile()
    made["clients"] += [_web(service, url, keys[web_client(service)]) for service, url in urls.items()]
    made["clients"] += [_machine(trust, keys[trust.client]) for trust in people.trusts]
    made["users"] = [_person(one, passwords[one.name]) for one in people.people]
    made["users"] += [_service_account(trust) for trust in people.trusts]
    return made


def _profile() -> Representation:
    """Where somebody works is the administrator's to say: she sees it and cannot change it."""
    own = {"view": ["admin", "user"], "edit": ["admin"]}
    names = {"view": ["admin", "user"], "edit": ["admin", "user"]}
    attributes: list[Representation] = [
        {"name": "username", "permissions": own},
        {"name": "email", "permissions": names},
        {"name": "firstName", "permissions": names},
        {"name": "lastName", "permissions": names},
    ]
    attributes += [{"name": name, "permissions": own, "multivalued": name != "provider"} for name in STAFF_ATTRIBUTES]
    config = {"kc.user.profile.config": [json.dumps({"attributes": attributes})]}
    provider = {"providerId": "declarative-user-profile", "config": config}
    return {"org.keycloak.userprofile.UserProfileProvider": [provider]}


def _client(client: str, key: Jwk) -> Representation:
    """A client that proves itself by a signature: no secret of it is kept anywhere but with itself."""
    return {
        "clientId": client,
        "protocol": "openid-connect",
        "enabled": True,
        "publicClient": False,
        "clientAuthenticatorType": "client-jwt",
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "webOrigins": [],
        "defaultClientScopes": ["beside"],
        "optionalClientScopes": [],
        "attributes": {
            "use.jwks.string": "true",
            "jwks.string": json.dumps({"keys": [key]}, sort_keys=True),
            "token.endpoint.auth.signing.alg": ALGORITHM,
            "use.refresh.tokens": "false",
            "access.token.header.type.rfc9068": "true",
        },
    }


def _web(service: str, url: str, key: Jwk) -> Representation:
    made = _client(web_client(service), key)
    made["name"] = f"Beside, {service}"
    made["standardFlowEnabled"] = True
    made["baseUrl"] = url
    made["redirectUris"] = [f"{url}/sign-in/back"]
    made["frontchannelLogout"] = False
    made["attributes"] |= {
        "pkce.code.challenge.method": "S256",
        "backchannel.logout.url": f"{url}/sign-out/by-issuer",
        "backchannel.logout.session.required": "true",
        "post.logout.redirect.uris": f"{url}/signed-out",
    }
    return made


def _machine(trust: Trust, key: Jwk) -> Representation:
    made = _client(trust.client, key)
    made["name"] = trust.name
    made["serviceAccountsEnabled"] = True
    made["defaultClientScopes"] = ["beside", trust.scope]
    return made


def _person(person: Person, password: str) -> Representation:
    return {
        "id": str(person.id),
        "username": person.name,
        "firstName": person.given,
        "lastName": person.family,
        "enabled": True,
        "attributes": dict(person.attributes),
        "realmRoles": list(person.roles),
        "credentials": [{"type": "password", "value": password, "temporary": False}],
    }


def _service_account(trust: Trust) -> Representation:
    return {
        "id": str(trust.id),
        "username": f"service-account-{trust.client}",
        "enabled": True,
        "serviceAccountClientId": trust.client,
        "attributes": {"organisations": [trust.organisation]},
        "realmRoles": [SYSTEM_ROLE],
    }
