"""`audit show`: the entries about one subject or by one person, for whoever answers for information governance."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.access.audit.chain import Entry
from shared.access.audit.checking import Stored, stored
from shared.access.audit.reading import Database, documents

Say = Callable[[str], None]


class Once:
    """Passes over an entry that was said before; those that stand twice have the same time, so they come together."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._ids: set[str] = set()

    def is_new(self, entry: Entry) -> bool:
        """Whether this entry comes for the first time; entries are asked about in order of time."""
        if entry.at != self._at:
            self._at = entry.at
            self._ids.clear()
        new = entry.id not in self._ids
        self._ids.add(entry.id)
        return new


async def show(database: Database, key: bytes, *, by: str, id_: str, day: str | None, say: Say) -> bool:
    """Say a line for each entry whose `by` ("subjects" or "who") is `id_`, in order of time; whether all are genuine.

    Raises `PyMongoError`.
    """
    wanted: dict[str, Any] = {f"content.{by}": id_} | _on(day)
    once, genuine = Once(), True
    async for document in documents(database, wanted, order="content.at"):
        one = stored(key, document)
        if one is None or not one.genuine or one.entry is None:
            genuine = False
            say(f"FAULT {_place(one)} was changed or forged and is not shown")
        elif once.is_new(one.entry):
            say(line_of(one.entry))
    return genuine


def line_of(entry: Entry) -> str:
    """One entry as a line: ids and codes only."""
    at = entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {
        "who": f"{entry.role}/{entry.who}",
        "of": entry.organisation,
        "did": entry.operation,
        "about": ",".join(entry.subjects),
        "for": entry.purpose,
        "outcome": entry.outcome,
        "via": entry.via,
        "proof": entry.proof,
        "through": entry.through,
    }
    return " ".join([at, *(f"{name}={value}" for name, value in said.items() if value)])


def _place(one: Stored | None) -> str:
    return "a document at no place of any chain" if one is None else f"{one.chain}: entry {one.number}"


def _on(day: str | None) -> dict[str, Any]:
    """Matches entries of one day, UTC."""
    if day is None:
        return {}
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    first, end = (int(at.timestamp()) * 1000 for at in (start, start + timedelta(days=1)))
    return {"content.at": {"$gte": first, "$lt": end}}
