"""Where somebody goes from any page, by the role she acts in: data, since roles and pages grow with the services."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from shared.access.roles import ROLES
from shared.programmes.model import Data, Governed


class Place(Data):
    """A page of a service."""

    service: Literal["referral", "triage", "support", "safeguarding", "outcomes"]
    path: Annotated[str, Field(pattern=r"^/[a-z-]+$")]
    words: str


class Navigation(Governed):
    """The whole file."""

    roles: Mapping[str, tuple[Place, ...]]

    @model_validator(mode="after")
    def _of_every_role(self) -> "Navigation":
        if set(self.roles) != set(ROLES):
            raise ValueError("each role needs its places, and no other")
        return self


@dataclass(frozen=True, slots=True)
class Link:
    """A link in the header; `here` marks the one she is on."""

    words: str
    href: str
    here: bool


@cache
def navigation() -> Navigation:
    """The places as shipped. Raises `pydantic.ValidationError`."""
    text = resources.files("shared.web").joinpath("navigation.yaml").read_text("utf-8")
    return Navigation.model_validate(yaml.safe_load(text))


def links(role: str, urls: Mapping[str, str], service: str, path: str) -> list[Link]:
    """The links of a role; `urls` say how browsers reach the services, and one that is missing has no link."""
    return [
        Link(one.words, f"{urls[one.service].rstrip('/')}{one.path}", here=_here(one, service, path))
        for one in navigation().roles.get(role, ())
        if one.service in urls
    ]


def _here(place: Place, service: str, path: str) -> bool:
    return place.service == service and (path == place.path or path.startswith(f"{place.path}/"))
