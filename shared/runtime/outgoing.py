"""A commit as the records it becomes on Kafka, straight from what is stored: no event is decoded on the way out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.events.catalogue import topics_of
from shared.events.cloudevents import CONTENT_TYPE, SPECVERSION
from shared.events.ids import event_id
from shared.runtime.commit import Commit, Entry

DIGEST_HEADER = "ce_claimdigest"
"""Only `recover` reads it: without the digest a request that is sent again would look like another request."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event, ready to be sent to each of `topics`."""

    id: str
    type: str
    topics: tuple[str, ...]
    key: bytes
    data: dict[str, Any]
    headers: list[tuple[str, bytes]]

    @property
    def value(self) -> bytes:
        """The event's own fields as JSON."""
        return orjson.dumps(self.data)


def outgoing(commit: Commit) -> list[Outgoing]:
    """The commit's events in order. The headers say what `cloudevents.to_headers` says of the decoded event."""
    shared = [
        ("ce_specversion", SPECVERSION),
        ("ce_source", f"/{commit.service}/{commit.stream}"),
        ("ce_recordedtime", _timestamp(commit.recorded_at)),
        ("ce_provider", commit.provider),
        ("ce_site", commit.site),
        ("ce_epoch", str(commit.epoch)),
        ("ce_commit", commit.id),
        ("content-type", CONTENT_TYPE),
    ]
    common = [(name, value.encode()) for name, value in shared]
    claims = _claims(commit) if commit.claims else {}
    return [
        _outgoing(
            entry, event_id(commit.epoch, commit.service, commit.stream, version), version, commit, common, claims
        )
        for version, entry in enumerate(commit.entries, commit.version)
    ]


def _outgoing(
    entry: Entry,
    id_: UUID,
    version: int,
    commit: Commit,
    common: list[tuple[str, bytes]],
    claims: dict[UUID, list[tuple[str, bytes]]],
) -> Outgoing:
    trace = entry.correlation or entry.cause
    headers = [
        *common,
        ("ce_id", str(id_).encode()),
        ("ce_type", entry.type.encode()),
        ("ce_sequence", b"%010d" % version),
        ("ce_time", _timestamp(entry.occurred_at).encode()),
        ("ce_causationid", str(entry.cause).encode()),
        ("traceparent", f"00-{trace.hex}-{id_.hex[:16]}-01".encode()),
        *claims.get(entry.cause, ()),
    ]
    if entry.case is not None:
        headers.append(("ce_subject", str(entry.case).encode()))
    if entry.correlation is not None:
        headers.append(("ce_correlationid", str(entry.correlation).encode()))
    key = str(entry.case) if entry.case else commit.stream.split("/", 1)[1]
    return Outgoing(str(id_), entry.type, topics_of(entry.type), key.encode(), entry.data, headers)


def _claims(commit: Commit) -> dict[UUID, list[tuple[str, bytes]]]:
    """The headers of each cause that made claims."""
    headers: dict[UUID, list[tuple[str, bytes]]] = {}
    for cause in {claim.cause for claim in commit.claims}:
        mine = [claim for claim in commit.claims if claim.cause == cause]
        headers[cause] = [("ce_claims", orjson.dumps([claim.value for claim in mine]))]
        if mine[0].digest is not None:
            headers[cause].append((DIGEST_HEADER, mine[0].digest.encode()))
    return headers


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
