"""Who answers for a site: people with a role, the channels that reach them, and a code that is theirs alone."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from services.safeguarding.domain.policy import Data
from shared.events.codes import Code

PageChannel = Literal["email", "webhook"]
# scrypt at about 16 MiB and 40 ms: a stolen rota file does not give short codes away cheaply (RFC 7914, section 2).
_COST, _BLOCK, _PARALLEL, _LENGTH = 2**14, 8, 1, 32


class Person(Data):
    """One person of a rota. `code` is `<salt>$<scrypt>`, both base64; the code itself is written nowhere."""

    id: Code
    role: Code
    email: str
    channels: Annotated[tuple[PageChannel, ...], Field(min_length=1)]
    code: str

    @property
    def acting(self) -> str:
        """Role and id, as events name people."""
        return f"{self.role}/{self.id}"

    def knows(self, code: str) -> bool:
        """Whether `code` is this person's."""
        salt, _, kept = self.code.partition("$")
        return hmac.compare_digest(b64decode(kept), _stretched(code, b64decode(salt)))


class SiteRota(Data):
    """Who takes each rung's role at one site, and what is declared for the hours nobody answers (SAFETY S25)."""

    cover: Literal["always", "working_hours", "none"]
    out_of_hours_plan: str
    fallback_number: str
    takes: Mapping[Code, tuple[Code, ...]]


class Rota(Data):
    """The whole file. A site without an entry, and a worry without a site, go by `default_site`."""

    version: Code
    source: str
    owner: str
    agreed: bool
    default_site: Code
    people: tuple[Person, ...]
    sites: Mapping[Code, SiteRota]

    @model_validator(mode="after")
    def _everyone_exists(self) -> "Rota":
        known = {person.id for person in self.people}
        if self.default_site not in self.sites:
            raise ValueError("default_site is not a site of the rota")
        for site, rota in self.sites.items():
            named = {person for people in rota.takes.values() for person in people}
            if not named or not named <= known:
                raise ValueError(f"{site}: names nobody, or somebody the rota does not know")
        return self

    def site(self, site: str) -> SiteRota:
        """The rota that answers for `site`."""
        return self.sites.get(site, self.sites[self.default_site])

    def takers(self, site: str, role: str) -> tuple[Person, ...]:
        """Who is paged when `role` is asked at `site`; a role nobody takes goes to everyone there (never to nobody)."""
        rota = self.site(site)
        ids = rota.takes.get(role) or tuple(dict.fromkeys(one for people in rota.takes.values() for one in people))
        return tuple(person for person in self.people if person.id in ids)

    def who_knows(self, site: str, code: str) -> Person | None:
        """Whose personal code this is, among the people of `site`; None for everybody else's (S25: a takeover first).

        Every person is tried whatever matches, so that the time taken says nothing.
        """
        ids = {person for people in self.site(site).takes.values() for person in people}
        matching = [person for person in self.people if person.id in ids and person.knows(code)]
        return matching[0] if matching else None


def hashed(code: str, salt: bytes) -> str:
    """How `code` stands in the rota file."""
    return f"{b64encode(salt).decode()}${b64encode(_stretched(code, salt)).decode()}"


def rota_from(text: str) -> Rota:
    """The rota in a YAML text. Raises `ValueError` naming the place that does not fit."""
    return Rota.model_validate(yaml.safe_load(text))


def _stretched(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=_LENGTH)
