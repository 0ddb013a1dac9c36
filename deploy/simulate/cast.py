"""Who plays in the story: which of the made-up people and systems asks for what (deploy/keycloak/people.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Staff:
    """A person by the name she signs in with; `role` is said by whoever holds several."""

    name: str
    role: str | None = None


@dataclass(frozen=True)
class System:
    """A trust's machine client."""

    client: str


Asker = Staff | System

TRUST = System("trust-rxx")
TRIAGE_WORKER = Staff("triage-worker")
TRAINER = Staff("trainer")
LEAD = Staff("lead-coventry")
COMMISSIONER = Staff("commissioner")
PROJECT_MANAGERS: Mapping[str, Staff] = {
    "coventry-warwickshire": Staff("pm-coventry"),
    "halton": Staff("pm-halton"),
    "newham": Staff("pm-newham", role="project-manager"),
}
VOLUNTEERS: Mapping[str, Staff] = {
    "coventry-warwickshire": Staff("volunteer-amara"),
    "newham": Staff("volunteer-beth"),
}
"""These have accounts and log their own sessions; for the others the site's project manager does."""
