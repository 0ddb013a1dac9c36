"""Who asks, and what the page's words about reach mean for each of them."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from shared.access.caller import Caller, volunteer_of
from shared.access.roles import ROLES
from shared.access.service_keys import Signer, for_service
from shared.runtime.clock import SystemClock
from shared.testing.access import signer
from shared.testing.issuer import SERVICES, bearer
from tests.access.matrix.things import MATCHED, Thing

PROVIDER, SITE, ORGANISATION = "nct", "halton", "RXX"
OF_A_TRUST = ("referrer", "referrer-system")
THROUGH = ("triage-worker", "volunteer")
"""Roles for whom each service asks at the others, besides asking for itself."""
Said = dict[str, dict[str, str]]
"""What the page says: operation -> role or "service <name>" -> how far."""


@dataclass(frozen=True)
class Who:
    """One caller; "" for the role of nobody and of a service that asks for itself."""

    role: str = ""
    service: str = ""

    def __str__(self) -> str:
        return " through ".join(one for one in (self.role, self.service) if one) or "nobody"

    @property
    def id(self) -> str:
        """What the issuer calls her. The volunteer is the one of the things."""
        return "anna" if self.role == "volunteer" else f"{self.role}-1"

    @property
    def organisations(self) -> tuple[str, ...]:
        """Of those who send referrals."""
        return (ORGANISATION,) if self.role in OF_A_TRUST else ()

    def headers(self, receiver: str) -> dict[str, str]:
        """What proves her; made for each request, since a service's token is believed once."""
        if self.service:
            person = Caller("person", self.id, self.role, "session", provider=PROVIDER, sites=(SITE,))
            own, asking = _signer(self.service), person if self.role else None
            return {"Authorization": for_service(own, receiver, asking, matches=self._matches)}
        if not self.role:
            return {}
        where: dict[str, Any] = {"sites": [SITE]}
        if self.organisations:
            where = {"provider": [], "sites": [], "organisations": list(self.organisations)}
        return bearer(f"{self.role}/{self.id}", **where)

    @property
    def _matches(self) -> list[UUID]:
        return [MATCHED] if self.role == "volunteer" else []

    def asks(self, said: Said, operation: str) -> bool:
        """Through a service only what some service may ask for at all: the rest is refused to all of them alike."""
        return not (self.role and self.service) or any(row.startswith("service ") for row in said[operation])

    def how_far(self, said: Said, operation: str) -> str | None:
        """What the page says of her; None: she may not. Through a service both must be allowed."""
        rows = said[operation]
        if self.service and f"service {self.service}" not in rows:
            return None
        return rows.get(self.role) if self.role else rows.get(f"service {self.service}")

    def reaches(self, how: str | None, thing: Thing) -> bool:
        """Whether a row that goes so far covers the thing."""
        ours = thing.provider == PROVIDER
        named = bool(self.service) and thing.id in map(str, self._matches)
        meanings = {
            "any": True,
            "provider": ours,
            "site": ours and thing.site == SITE,
            "matches": thing.volunteer == str(volunteer_of(self.id)) or named,
            "self": thing.person in (self.id, str(volunteer_of(self.id))),
            "referrals": thing.organisation in self.organisations,
        }
        return how is not None and meanings[how]


@cache
def _signer(service: str) -> Signer:
    return signer(service, SystemClock())


EVERYBODY = (
    Who(),
    *(Who(role) for role in ROLES),
    *(Who(service=service) for service in SERVICES),
    *(Who(role, service) for role in THROUGH for service in SERVICES),
)
