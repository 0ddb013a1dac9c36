"""The unit of everything: what one batch did to one stream, as one immutable document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.catalogue import UnknownType, decode
from shared.events.event import Event
from shared.events.ids import event_id
from shared.events.recorded import Recorded
from shared.runtime.errors import UnknownHistory

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the journal keeps it: its wire type and data, and the envelope that is its own."""

    type: str
    case: UUID | None
    occurred_at: datetime
    cause: UUID
    correlation: UUID | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Commit:
    """What one batch did to `stream`: `version` is that of the first entry, entry n has version + n."""

    service: str
    stream: str
    version: int
    epoch: int
    provider: str
    site: str
    causes: tuple[UUID, ...]
    recorded_at: datetime
    entries: tuple[Entry, ...]
    claims: tuple[str, ...] = ()
    digests: Mapping[str, str] | None = None

    @property
    def id(self) -> str:
        """The document's id, which doubles as the check against concurrent writers."""
        return commit_id(self.stream, self.version)

    @property
    def last_version(self) -> int:
        """The version of the stream after this commit."""
        return self.version + len(self.entries) - 1


def commit_id(stream: str, version: int) -> str:
    """`<kind>/<id>/<first version, 10 digits>`."""
    return f"{stream}/{version:010d}"


def to_document(commit: Commit) -> Document:
    """The commit as MongoDB keeps it; `claims` is absent when there is none, since an empty array counts as a value."""
    document: Document = {
        "_id": commit.id,
        "stream": commit.stream,
        "version": commit.version,
        "epoch": commit.epoch,
        "provider": commit.provider,
        "site": commit.site,
        "causes": list(commit.causes),
        "recorded_at": commit.recorded_at,
        "events": [_entry_document(entry) for entry in commit.entries],
    }
    if commit.claims:
        document["claims"] = list(commit.claims)
    if commit.digests:
        document["digests"] = [[claim, digest] for claim, digest in commit.digests.items()]
    return document


def _entry_document(entry: Entry) -> Document:
    document: Document = {
        "type": entry.type,
        "occurred_at": entry.occurred_at,
        "cause": entry.cause,
        "data": entry.data,
    }
    if entry.case is not None:
        document["case"] = entry.case
    if entry.correlation is not None:
        document["correlation"] = entry.correlation
    return document


def from_document(service: str, document: Mapping[str, Any]) -> Commit:
    """Read a commit back; times arrive aware and in UTC."""
    return Commit(
        service=service,
        stream=document["stream"],
        version=document["version"],
        epoch=document["epoch"],
        provider=document["provider"],
        site=document["site"],
        causes=tuple(document["causes"]),
        recorded_at=document["recorded_at"],
        entries=tuple(
            Entry(
                type=entry["type"],
                case=entry.get("case"),
                occurred_at=entry["occurred_at"],
                cause=entry["cause"],
                correlation=entry.get("correlation"),
                data=entry["data"],
            )
            for entry in document["events"]
        ),
        claims=tuple(document.get("claims", ())),
        digests=dict(document["digests"]) if "digests" in document else None,
    )


def entry_of(event: Event, *, cause: UUID, correlation: UUID | None) -> Entry:
    """An event that was decided, ready for the journal."""
    return Entry(event.wire, event.case, event.occurred_at, cause, correlation, event.data())


def events_of(commit: Commit) -> list[Event]:
    """The commit's events, lifted to their newest version. Raises `UnknownHistory` for a type from the future."""
    try:
        return [
            decode(entry.type, entry.data, case=entry.case, occurred_at=entry.occurred_at) for entry in commit.entries
        ]
    except UnknownType as unknown:
        raise UnknownHistory(f"{commit.stream}: {unknown}") from None


def recorded(commit: Commit, events: list[Event] | None = None) -> list[Recorded]:
    """The commit's events with their place; `events` spares the decoding where they are at hand."""
    return [
        Recorded(
            event=event,
            event_id=event_id(commit.epoch, commit.stream, commit.version + offset),
            service=commit.service,
            stream=commit.stream,
            version=commit.version + offset,
            recorded_at=commit.recorded_at,
            provider=commit.provider,
            site=commit.site,
            cause=entry.cause,
            epoch=commit.epoch,
            commit=commit.id,
            correlation=entry.correlation,
            claims=commit.claims,
        )
        for offset, (entry, event) in enumerate(
            zip(commit.entries, events if events is not None else events_of(commit), strict=True)
        )
    ]
