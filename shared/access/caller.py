"""Who asks: a person in one of her roles, a system of an organisation, a service for somebody, or a visitor."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self
from uuid import UUID, uuid5

from shared.access.roles import ANYONE, SERVICE
from shared.events.ids import BESIDE

Kind = Literal["person", "system", "service", "visitor"]
Via = Literal["token", "session", "device", "worry_pass", "own_code", "service_token", "peer", "shell", "none"]


@dataclass(frozen=True, slots=True)
class Caller:
    """What was proved about a caller, and the role she acts in now.

    `id` is the issuer's lasting name of the person or client, never a person's own name. `organisations` are the codes
    of the organisation a system or referrer belongs to. `provider` and `sites` say where a member of staff works.
    """

    kind: Kind
    id: str
    role: str
    via: Via
    roles: tuple[str, ...] = ()
    provider: str | None = None
    sites: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    matches: frozenset[str] = frozenset()
    """Cases a volunteer is matched with, where the service that knows them asks for her."""
    through: str | None = None
    """The service that asks for this person."""
    proof: str = ""
    """Names the session, device or token that proved it, for the audit; of no use to anybody who reads it."""
    device: UUID | None = None
    """The remembered phone she uses, if any: a worry from one that was lost is shown as such (hazard S30)."""
    proved_at: datetime | None = None
    """When she last proved herself to the issuer, where that is known."""

    def __str__(self) -> str:
        return f"{self.role}/{self.id}"

    @property
    def client(self) -> str:
        """Whose idempotency keys these are: a person keeps hers in every role."""
        return f"{self.kind}/{self.id}"

    @property
    def volunteer(self) -> UUID:
        """The id under which she is registered if she is a volunteer."""
        return volunteer_of(self.id)

    def acting_as(self, role: str) -> Self:
        """The same person in another of her roles. Raises `ValueError` for one she does not hold."""
        if role not in self.roles:
            raise ValueError("not one of her roles")
        return replace(self, role=role)


def volunteer_of(account: str) -> UUID:
    """The volunteer whose account the issuer calls `account`: the same id where it is a UUID, else one made of it."""
    try:
        return UUID(account)
    except ValueError:
        return uuid5(BESIDE, f"volunteer/{account}")


VISITOR = Caller(kind="visitor", id="visitor", role=ANYONE, via="none")


def service_caller(name: str) -> Caller:
    """A service that acts for itself."""
    return Caller(kind="service", id=name, role=SERVICE, via="service_token", roles=(SERVICE,))
