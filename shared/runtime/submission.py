"""What is handed to the executor, and what it hands back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.recorded import Recorded
from shared.runtime.decider import Input


@dataclass(frozen=True, slots=True)
class Scope:
    """The provider and site a stream belongs to; a stream keeps the scope of its first commit."""

    provider: str
    site: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One input with its cause (effect once per stream and cause) and the claims it makes (unique for ever).

    `digest` is an HMAC of the caller's canonical body: the same claim with another digest is another request.
    `creates` says that the stream is new, so that loading it can be skipped.
    `not_before` is a deadline's instant: it is decided at max(clock, not_before), so a slow clock cannot miss it.
    """

    input: Input
    cause: UUID
    scope: Scope | None = None
    correlation: UUID | None = None
    claims: tuple[str, ...] = ()
    digest: str | None = None
    creates: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an input led to: its events (none: nothing to do), the stream's version after, and if it was a repeat."""

    stream: str
    version: int
    recorded: tuple[Recorded, ...]
    repeated: bool = False
