"""Tokens for the people of the demonstration where a test's issuer is believed: the same claims, no server."""

from deploy.keycloak.identities import shipped_people
from deploy.keycloak.realm import CLI, SYSTEM_ROLE
from shared.testing.issuer import claims_of, token


class MadeTokens:
    """See `tokens.Tokens`; signed by `shared.testing.issuer`, with what the realm would say of each."""

    def __init__(self) -> None:
        people = shipped_people()
        self._people = {one.name: one for one in people.people}
        self._trusts = {one.client: one for one in people.trusts}

    async def system_token(self, client: str) -> str:
        """See `Tokens.system_token`."""
        trust = self._trusts[client]
        return token(
            claims_of(
                SYSTEM_ROLE,
                str(trust.id),
                azp=client,
                provider=None,
                sites=[],
                organisations=[trust.organisation],
                scope=trust.scope,
            )
        )

    async def staff_token(self, user: str) -> str:
        """See `Tokens.staff_token`."""
        one = self._people[user]
        return token(
            claims_of(
                one.roles[0],
                str(one.id),
                azp=CLI,
                roles=list(one.roles),
                provider=one.provider,
                sites=list(one.sites),
                organisations=list(one.organisations),
                scope="openid",
            )
        )
