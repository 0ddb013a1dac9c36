"""Where commits are kept: the port, and how a refused commit is told. Three stores answer one contract suite."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.runtime.commit import Commit


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a commit was not appended.

    "version": another commit stands at its place. "cause": one of its inputs took effect before. "claim": `value` is
    taken by another commit. `value` is the commit's id, the cause, or the claim.
    """

    kind: Literal["version", "cause", "claim"]
    value: str


class CommitStore(Protocol):
    """An append-only journal of one service."""

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every asked stream's commits in order of version, [] for one that has none.

        Raises `Unavailable` when the store does not answer.
        """
        ...

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Append each commit whole or not at all, independently; the answers stand in the order of `commits`.

        Raises `Unavailable` when the outcome is unknown: some, all or none may have been appended.
        """
        ...

    async def claimed(self, claim: str) -> Commit | None:
        """The commit that holds `claim`, if any. Raises `Unavailable`."""
        ...
