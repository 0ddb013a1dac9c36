"""Reads the table of roles and operations, and answers how far an operation reaches for a caller. Pure."""

from collections.abc import Mapping
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.access.caller import Caller
from shared.access.reach import Reach, Scope
from shared.access.roles import ANYONE, ROLES, SERVICE

Name = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$")]
NEVER_WIDENED = ("concern.", "audit.", "break-glass.")
SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")


class Data(BaseModel):
    """A piece of the table: frozen and strict, so that a misspelt row stops a service from starting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(Data):
    """One thing that can be asked.

    `changes`: it writes. `identifiable`: it shows who somebody is, so each use is audited first. `step_up`: it asks a
    person at a desk to prove herself again. `worry_pass`: a worry pass is enough. `own_code`: her own code of the rota
    is enough, or the pass it gave. `worry_first`: whoever is signed in may hand in the worry in it, and is told
    afterwards that she may not do the rest (hazard S3). `spooled`: it may not wait for the audit; what cannot be
    chained at once is kept on this machine and chained later. `break_glass`: for a stated reason and a short time it
    may reach a person's whole provider, and is then always noted. `device`: a remembered phone may do it. `scope`: what
    a system's token must carry besides.
    """

    what: str
    changes: bool = False
    identifiable: bool = False
    step_up: bool = False
    worry_pass: bool = False
    own_code: bool = False
    break_glass: bool = False
    device: bool = False
    worry_first: bool = False
    spooled: bool = False
    scope: str | None = None
    anyone: bool = False
    services: tuple[str, ...] = ()
    rows: Mapping[str, Scope] = {}

    @model_validator(mode="after")
    def _somebody_may(self) -> "Operation":
        if not (self.anyone or self.services or self.rows):
            raise ValueError("nobody may do this")
        if "nothing" in self.rows.values():
            raise ValueError("leave the row out")
        if unknown := [role for role in self.rows if role not in ROLES]:
            raise ValueError(f"no such role: {', '.join(unknown)}")
        if unknown := [name for name in self.services if name not in SERVICES]:
            raise ValueError(f"no such service: {', '.join(unknown)}")
        if self.break_glass and (self.changes or self.anyone or self.step_up):
            raise ValueError("only reading one's own may be widened")
        return self


class Policy(Data):
    """The whole table."""

    version: str
    source: str
    owner: str
    operations: Mapping[Name, Operation]

    @model_validator(mode="after")
    def _no_concern_is_widened(self) -> "Policy":
        """Hazard S23: a concern may be about whoever breaks the glass."""
        if wide := [
            name for name, one in self.operations.items() if one.break_glass and name.startswith(NEVER_WIDENED)
        ]:
            raise ValueError(f"never widened: {', '.join(wide)}")
        return self

    def reach(self, operation: str, caller: Caller) -> Reach | None:
        """How far `operation` reaches for `caller` in the role she acts in; None when she may not do it at all.

        Raises `KeyError` for an operation that is not in the table.
        """
        found = self.operations[operation]
        if caller.role == SERVICE:
            return Reach(operation, "any", caller) if caller.id in found.services else None
        if caller.through is not None and caller.through not in found.services:
            return None
        if caller.kind == "system" and found.scope is not None and found.scope not in caller.scopes:
            return None
        if scope := found.rows.get(caller.role):
            return Reach(operation, scope, caller)
        if found.worry_first and caller.kind == "person":
            return Reach(operation, "nothing", caller)
        return Reach(operation, "any", caller) if found.anyone else None

    def roles_that_may(self, operation: str) -> tuple[str, ...]:
        """The roles with a row, in the table's order; "anyone" where everybody may."""
        found = self.operations[operation]
        return (ANYONE,) if found.anyone else tuple(role for role in ROLES if role in found.rows)


def policy_from(text: str) -> Policy:
    """The table in `text`. Raises `pydantic.ValidationError` or `yaml.YAMLError`."""
    return Policy.model_validate(yaml.safe_load(text))
