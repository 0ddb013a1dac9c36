"""A guard whose callers prove themselves for real, and whose audit is a list: for services built in memory."""

import tempfile
from functools import cache
from pathlib import Path

from shared.access.bearer import Bearer
from shared.access.guard import Admission, Authenticator, Guard
from shared.access.jwks import PinnedKeys
from shared.access.refusals import unproved
from shared.access.service_keys import Signer, Trusted
from shared.access.settings import ClaimNames, IssuerSettings
from shared.access.tokens import TokenCheck
from shared.access.wiring import policy
from shared.runtime.clock import Clock
from shared.testing.issuer import ISSUER, access_settings


class MemoryAudit:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.noted: list[Admission] = []
        self.failing: Exception | None = None

    async def note(self, admission: Admission) -> None:
        """See `guard.Audit`."""
        if self.failing is not None:
            raise self.failing
        self.noted.append(admission)


class MemoryReplays:
    """Remembers which tokens were used."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    async def first_use(self, issuer: str, token_id: str, expires: int) -> None:
        """See `Replays.first_use`."""
        if (issuer, token_id) in self._seen:
            raise unproved("access.service_token_replayed")
        self._seen.add((issuer, token_id))


@cache
def _folder() -> Path:
    """One folder of keys for all tests of a process; it goes with the process."""
    kept = tempfile.TemporaryDirectory(prefix="beside-keys-")
    _kept.append(kept)
    return Path(kept.name)


_kept: list["tempfile.TemporaryDirectory[str]"] = []


def trusted(clock: Clock) -> Trusted:
    """Believes every service."""
    return Trusted(access_settings(_folder(), "triage")["trusted_keys"], clock)


def memory_guard(service: str, clock: Clock, audit: MemoryAudit | None = None, *others: Authenticator) -> Guard:
    """A guard of `service` that believes the test's issuer, the other services, and `others` after them."""
    settings = access_settings(_folder(), service)
    issuer = IssuerSettings(issuer=ISSUER, jwks_file=settings["jwks_file"])
    check = TokenCheck(issuer, PinnedKeys(settings["jwks_file"]), clock)
    bearer = Bearer(service, check, ClaimNames(), trusted(clock), MemoryReplays())
    return Guard(policy(), [bearer, *others], audit or MemoryAudit(), clock)


def signer(service: str, clock: Clock) -> Signer:
    """Signs as `service`, believed by every `memory_guard`."""
    return Signer(service, access_settings(_folder(), service)["signing_keys"], clock)
