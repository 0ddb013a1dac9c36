"""What an administrator does at the issuer: changes keys, signs somebody out, looks at the realm as it stands."""

from typing import Any

import httpx

from deploy.local.testing import LocalKeycloak
from deploy.simulate.signing_in import issued


class Administrator:
    """Keycloak's own administrator at its interface for the realm."""

    def __init__(self, http: httpx.AsyncClient, realm: str, token: str) -> None:
        self._http = http
        self._realm = realm
        self._headers = {"Authorization": f"Bearer {token}"}

    async def add_signing_key(self) -> None:
        """A new key above the old one, which stays to be believed."""
        config = {"priority": "200", "enabled": "true", "active": "true", "algorithm": "RS256", "keySize": "2048"}
        body = {
            "name": "next",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": (await self.get(""))["id"],
            "config": {name: [value] for name, value in config.items()},
        }
        await self.post("/components", body)

    async def sign_out(self, user: str) -> None:
        """End every session of somebody, one by one: "sign out all" tells each service of one of them only."""
        for session in await self.get(f"/users/{user}/sessions"):
            url = f"{self._realm}/sessions/{session['id']}"
            (await self._http.delete(url, headers=self._headers)).raise_for_status()

    async def get(self, path: str) -> Any:
        """What the interface says."""
        return (await self._http.get(f"{self._realm}{path}", headers=self._headers)).raise_for_status().json()

    async def post(self, path: str, body: dict[str, Any]) -> None:
        """Have it do something."""
        (await self._http.post(f"{self._realm}{path}", json=body, headers=self._headers)).raise_for_status()


async def administrator_of(keycloak: LocalKeycloak, http: httpx.AsyncClient) -> Administrator:
    """Sign in, at the realm `master`, whose own terminal client still takes a password."""
    root = keycloak.issuer.url.partition("/realms/")[0]
    name, password = keycloak.administrator
    asked = {"grant_type": "password", "client_id": "admin-cli", "username": name, "password": password}
    answer = await http.post(f"{root}/realms/master/protocol/openid-connect/token", data=asked)
    return Administrator(http, f"{root}/admin/realms/beside", issued(answer).token)
