"""Hands what this process appended to its own followers at once; the change stream brings the same again, later.

Reading one's own commits back through a change stream cost each hop 1.5 ms, and a cursor that waits inside the server
is woken by every write to every collection: measured, 0.05 ms of the server for each cursor and write, and ten waiting
cursors cost more than the writes. So the stream is what guarantees, and is looked at without hurry.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from shared.runtime.commit import Commit

Take = Callable[[Sequence[Commit]], None]
"""Told of commits that a majority has; must not wait and must not fail."""


class Handover:
    """One per journal and process."""

    def __init__(self) -> None:
        self._takers: list[Take] = []
        self._coming: set[str] = set()

    @contextmanager
    def coming(self, commits: Sequence[Commit]) -> Iterator[None]:
        """These are being appended while the block runs; the stream may show them before the database answers."""
        ids = {commit.id for commit in commits}
        self._coming |= ids
        try:
            yield
        finally:
            self._coming -= ids

    def is_coming(self, commit_id: str) -> bool:
        """Whether this process is appending that commit right now."""
        return commit_id in self._coming

    def give(self, commits: Sequence[Commit]) -> None:
        """These were appended; none: something may have been."""
        for take in self._takers:
            take(commits)

    @contextmanager
    def to(self, take: Take) -> Iterator[None]:
        """Tell `take` for as long as the block runs."""
        self._takers.append(take)
        try:
            yield
        finally:
            self._takers.remove(take)
