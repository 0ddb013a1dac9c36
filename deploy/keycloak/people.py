"""Reads who can sign in where Beside is tried out. Pure: the caller hands in the text."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.access.roles import ROLES


def _known(role: str) -> str:
    if role not in ROLES:
        raise ValueError("no such role")
    return role


Name = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
Role = Annotated[str, AfterValidator(_known)]


class Data(BaseModel):
    """A piece of the file: frozen and strict, so that a misspelt key is told at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Data):
    """An account. `id` is the `sub` of her tokens."""

    id: UUID
    name: Name
    given: str
    family: str
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    provider: str | None = None
    sites: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()

    @property
    def attributes(self) -> Mapping[str, list[str]]:
        """What the realm keeps of her beside her name."""
        kept = {"provider": [self.provider] if self.provider else [], "sites": self.sites}
        return {name: list(found) for name, found in {**kept, "organisations": self.organisations}.items() if found}


class Trust(Data):
    """An organisation that refers by machine. `id` is the `sub` of its client's tokens."""

    id: UUID
    client: Name
    name: str
    organisation: str
    scope: Literal["referral:write"] = "referral:write"


class People(Data):
    """Everybody."""

    version: str
    source: str
    owner: str
    people: tuple[Person, ...]
    trusts: tuple[Trust, ...]

    def person(self, name: str) -> Person:
        """Raises `KeyError` for a name nobody has."""
        return {one.name: one for one in self.people}[name]


def people_from(text: str) -> People:
    """Everybody in `text`. Raises `pydantic.ValidationError` or `yaml.YAMLError`."""
    return People.model_validate(yaml.safe_load(text))
