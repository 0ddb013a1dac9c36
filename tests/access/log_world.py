"""An audit log on a database in memory, with a clock that is moved by hand and heads in a folder of its own."""

from dataclasses import dataclass
from pathlib import Path

from shared.access.audit.log import AuditLog
from shared.access.audit.publishing import HeadsFile, heads_path
from shared.testing.clock import HandClock
from tests.access.audited import AT, KEY, SERVICE, Found, check
from tests.access.uncertain import Entries, Mood


@dataclass
class World:
    """A log on a database in memory, with a clock that is moved by hand."""

    log: AuditLog
    entries: Entries
    clock: HandClock
    folder: Path

    def heads(self) -> list[bytes]:
        """The lines of the file of heads."""
        path = heads_path(self.folder, SERVICE)
        return path.read_bytes().split(b"\n")[:-1] if path.exists() else []

    def check(self) -> Found:
        """What a check says of it all."""
        return check(self.entries.stored, self.heads())

    def proven(self, found: Found) -> set[str]:
        """Ids of the entries that heads prove to be there."""
        lengths = {name: one.proven.head.length for name, one in found.chains.items() if one.proven}
        documents = self.entries.documents.values()
        return {one["content"]["id"] for one in documents if one["number"] <= lengths.get(one["chain"], 0)}

    def ids(self) -> list[str]:
        """Of every entry there is, as often as it is there."""
        self.entries.stored  # noqa: B018 - what was late has come by now
        return [one["content"]["id"] for one in self.entries.documents.values()]


def world(folder: Path, *moods: Mood) -> World:
    """A log that meets these moods, one with each batch."""
    entries, clock = Entries(moods), HandClock(AT)
    log = AuditLog(SERVICE, entries.database, KEY, clock, heads=HeadsFile(folder, SERVICE, KEY))
    return World(log, entries, clock, folder)
