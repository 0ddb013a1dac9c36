"""What the executor needs of a database, small enough to be kept honest by one suite on every implementation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.runtime.commit import Commit


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a commit was not stored: another holds its version, took one of its causes, or holds one of its claims."""

    kind: Literal["version", "cause", "claim"]
    value: str


class CommitStore(Protocol):
    """Loads whole streams, appends commits without order, finds the holder of a claim."""

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every commit of the named streams in version order; a stream without any is absent."""
        ...

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Store each commit on its own, durable on a majority; the answers stand in the commits' order.

        Raises `Unavailable` when the outcome is unknown: the same commits may be appended again.
        """
        ...

    async def claimed(self, claim: str) -> Commit | None:
        """The commit that holds `claim`."""
        ...
