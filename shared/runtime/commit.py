"""A commit: what one batch did to one stream, as one immutable document. Journal, outbox and audit trail in one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from shared.events.catalogue import UnknownType, Unreadable, decode
from shared.events.event import Event
from shared.events.ids import event_id
from shared.events.recorded import Recorded
from shared.runtime.errors import UnknownHistory

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the journal keeps it: its wire type and plain data beside its envelope."""

    type: str
    case: UUID | None
    occurred_at: datetime
    cause: UUID
    correlation: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A value taken for ever by the input `cause`; `digest` tells the same request from another under its name."""

    value: str
    cause: UUID
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """Events `version`, `version + 1`, ... of `stream`; `causes` are the inputs they came from, never empty.

    Times are aware, UTC, whole milliseconds. `claims` are unique over all commits of a service. Events that are at
    hand when the commit is made may be given too, so that `recorded` need not decode them.
    """

    stream: str
    version: int
    epoch: int
    service: str
    provider: str
    site: str
    causes: tuple[UUID, ...]
    claims: tuple[Claim, ...]
    recorded_at: datetime
    entries: tuple[Entry, ...]
    _events: list[Event] = field(default_factory=list, repr=False, compare=False)
    _decoded: list[Recorded] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The document's key: two commits at one version of one stream cannot both exist."""
        return f"{self.stream}/{self.version:010d}"

    @property
    def last_version(self) -> int:
        """The version of the commit's last event."""
        return self.version + len(self.entries) - 1

    def to_document(self) -> Document:
        """The MongoDB document; empty claims are left out (docs/design.md, The commit is the unit)."""
        document: Document = {
            "_id": self.id,
            "stream": self.stream,
            "version": self.version,
            "epoch": self.epoch,
            "provider": self.provider,
            "site": self.site,
            "causes": list(self.causes),
            "recorded_at": self.recorded_at,
            "events": [_entry_document(entry) for entry in self.entries],
        }
        if self.claims:
            document["claims"] = [claim.value for claim in self.claims]
            document["claimed_by"] = [claim.cause for claim in self.claims]
            document["digests"] = [claim.digest for claim in self.claims]
        return document

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a stored document back; the service is the one that names its events."""
        values = document.get("claims", ())
        claims = zip(values, document.get("claimed_by", ()), document.get("digests", ()), strict=True)
        return cls(
            stream=document["stream"],
            version=document["version"],
            epoch=document["epoch"],
            service=document["events"][0]["type"].split(".", 1)[0],
            provider=document["provider"],
            site=document["site"],
            causes=tuple(document["causes"]),
            claims=tuple(Claim(value, cause, digest) for value, cause, digest in claims),
            recorded_at=document["recorded_at"],
            entries=tuple(_entry(entry) for entry in document["events"]),
        )


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


def _entry(document: Document) -> Entry:
    return Entry(
        type=document["type"],
        case=document.get("case"),
        occurred_at=document["occurred_at"],
        cause=document["cause"],
        correlation=document.get("correlation"),
        data=document["data"],
    )


def recorded(commit: Commit) -> list[Recorded]:
    """The commit's events, decoded once and kept.

    Raises `UnknownHistory` when one is of a type or shape that this version of the service does not know.
    """
    if not commit._decoded:
        events = commit._events or [_event(entry) for entry in commit.entries]
        commit._decoded.extend(_in_place(commit, events))
    return list(commit._decoded)


def _event(entry: Entry) -> Event:
    try:
        return decode(entry.type, entry.data, case=entry.case, occurred_at=entry.occurred_at)
    except (UnknownType, Unreadable) as unknown:
        raise UnknownHistory(str(unknown)) from unknown


def _in_place(commit: Commit, events: list[Event]) -> list[Recorded]:
    claims: dict[UUID, tuple[str, ...]] = {}
    for claim in commit.claims:
        claims[claim.cause] = (*claims.get(claim.cause, ()), claim.value)
    key = commit.id
    return [
        Recorded(
            event=event,
            event_id=event_id(commit.epoch, commit.service, commit.stream, commit.version + index),
            service=commit.service,
            stream=commit.stream,
            version=commit.version + index,
            recorded_at=commit.recorded_at,
            provider=commit.provider,
            site=commit.site,
            cause=entry.cause,
            epoch=commit.epoch,
            commit=key,
            correlation=entry.correlation,
            claims=claims.get(entry.cause, ()),
        )
        for index, (event, entry) in enumerate(zip(events, commit.entries, strict=True))
    ]
