"""How far an operation reaches for one caller: which objects, and the same as a condition on a view's documents."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.access.caller import Caller

Scope = Literal["any", "provider", "site", "matches", "self", "referrals", "nothing"]
"""nothing: let in only for the worry that may be in what is sent; the table has no such row."""
SCOPES: tuple[Scope, ...] = ("any", "provider", "site", "matches", "self", "referrals")
UNASSIGNED = ("unassigned", "unknown")
"""Sites of an object that named none we know: it belongs to every site of its provider, so that somebody sees it."""


NOBODY = "-"
"""Stands for no provider: what belongs to none is not everybody's."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an object belongs; None where it belongs to nobody of that kind."""

    provider: str | None = None
    site: str | None = None
    volunteer: str | None = None
    organisation: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What `caller` may reach with one operation."""

    operation: str
    scope: Scope
    caller: Caller
    glass: str = ""
    """What widened it beyond her row, if anything did; each use is then noted."""

    def beyond(self, glass: str) -> "Reach":
        """The same inside her whole provider. What reaches so far already, or not at all, stays as it is."""
        return replace(self, scope="provider", glass=glass) if self.scope in ("site", "matches", "self") else self

    def covers(self, placed: Placed) -> bool:
        """Whether the object may be seen or changed; what is not covered is answered like what does not exist."""
        return all(getattr(placed, field) in allowed for field, allowed in self._allowed().items())

    def query(self) -> dict[str, Any]:
        """The same as a MongoDB condition on the fields provider, site, volunteer, person and organisation."""
        return {field: {"$in": list(allowed)} for field, allowed in self._allowed().items()}

    def _allowed(self) -> dict[str, tuple[str, ...]]:
        """By field, the values of which an object must have one."""
        caller = self.caller
        provider = (caller.provider or NOBODY,)
        of_scope: dict[Scope, dict[str, tuple[str, ...]]] = {
            "any": {},
            "provider": {"provider": provider},
            "site": {"provider": provider, "site": (*caller.sites, *UNASSIGNED)},
            "matches": {"volunteer": (str(caller.volunteer),)},
            "self": {"person": (caller.id, str(caller.volunteer))},
            "referrals": {"organisation": caller.organisations},
            "nothing": {"provider": ()},
        }
        return of_scope[self.scope]
