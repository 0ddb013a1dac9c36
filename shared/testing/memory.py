"""A commit store in memory that refuses what MongoDB's indexes refuse, so that rules can be tested in microseconds."""

from collections.abc import Collection, Sequence
from uuid import UUID

from shared.runtime.commit import Commit
from shared.runtime.errors import Unavailable
from shared.runtime.store import Refused


class MemoryStore:
    """Keeps commits in dictionaries; `down` makes it not answer, `lost_answers` hides what it did."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.journal: list[Commit] = []
        self.loads = 0
        self.appends = 0
        self.lost_answers = 0
        self.down = False
        self._streams: dict[str, list[Commit]] = {}
        self._causes: set[tuple[str, UUID]] = set()
        self._claims: dict[str, Commit] = {}

    async def load(self, streams: Collection[str]) -> dict[str, list[Commit]]:
        """Every asked stream's commits in order of version."""
        self.loads += 1
        self._answer()
        return {stream: list(self._streams.get(stream, ())) for stream in streams}

    async def append(self, commits: Sequence[Commit]) -> list[Refused | None]:
        """Append each commit or say why not; with `lost_answers` above 0 it appends and then hides the outcome."""
        self.appends += 1
        self._answer()
        answers = [self._append(commit) for commit in commits]
        if self.lost_answers:
            self.lost_answers -= 1
            raise Unavailable("the answer was lost")
        return answers

    async def claimed(self, claim: str) -> Commit | None:
        """The commit that holds `claim`."""
        return self._claims.get(claim)

    def replace(self, commit: Commit) -> None:
        """Put another commit in the place of one, as only a newer version of a service or a fault can."""
        stream = self._streams[commit.stream]
        stream[stream.index(self.commits[commit.id])] = commit
        self.commits[commit.id] = commit

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("the store is down")

    def _append(self, commit: Commit) -> Refused | None:
        if commit.id in self.commits:
            return Refused("version", commit.id)
        for cause in commit.causes:
            if (commit.stream, cause) in self._causes:
                return Refused("cause", str(cause))
        for claim in commit.claims:
            if claim.value in self._claims:
                return Refused("claim", claim.value)
        self.commits[commit.id] = commit
        self.journal.append(commit)
        self._streams.setdefault(commit.stream, []).append(commit)
        self._streams[commit.stream].sort(key=lambda kept: kept.version)
        self._causes.update((commit.stream, cause) for cause in commit.causes)
        self._claims.update((claim.value, commit) for claim in commit.claims)
        return None
