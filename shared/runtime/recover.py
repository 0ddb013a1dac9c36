"""Rebuilds lost commits from Kafka after a restore; the headers hold a commit's envelope (docs/design.md, Restore)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pymongo.asynchronous.database import AsyncDatabase

from shared.events.catalogue import UnknownType, Unreadable
from shared.events.cloudevents import from_record
from shared.events.recorded import Recorded
from shared.runtime.commit import Claim, Commit, Entry
from shared.runtime.continuity import begin_after
from shared.runtime.mongo import COMMITS, MongoStore, durable
from shared.runtime.outgoing import DIGEST_HEADER
from shared.runtime.restore_guard import KafkaRecord, Place, ends_of, read_between, reader

BATCH = 500


@dataclass(frozen=True, slots=True)
class Recovery:
    """What `recover` did: commits appended, and those it could not rebuild whole, by id."""

    appended: int
    incomplete: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """One event as Kafka keeps it: decoded for its envelope, its data as they were written."""

    event: Recorded
    type: str
    data: dict[str, Any]
    digest: str | None


async def recover(service: str, database: AsyncDatabase[dict[str, Any]], kafka_servers: str) -> Recovery:
    """Append every commit that `<service>.events` speaks of and the journal lacks; harmless to run again.

    When any was lost, a new epoch begins: what is written from now on is nothing that anybody has seen.
    A commit of which Kafka holds a part is rebuilt as far as it goes without a gap; what was never relayed is lost.
    """
    lost: dict[Place, dict[int, _Kept]] = {}
    seen = 0
    async with reader(kafka_servers) as consumer:
        for place, end in (await ends_of(consumer, f"{service}.events")).items():
            async for page in read_between(consumer, place, 0, end):
                seen = max(seen, await _collect(service, database, page, lost))
    if lost:
        await begin_after(database, seen)
    return await _append(database, lost)


async def _collect(
    service: str, database: AsyncDatabase[dict[str, Any]], page: Iterable[KafkaRecord], lost: dict[Place, Any]
) -> int:
    """Add what the journal lacks to `lost`; returns the highest epoch that was seen."""
    found = [kept for record in page if (kept := _read(record, service)) is not None]
    ids = list({kept.event.commit for kept in found})
    held = {
        (one["_id"], one["epoch"]) async for one in durable(database, COMMITS).find({"_id": {"$in": ids}}, {"epoch": 1})
    }
    for kept in found:
        place = (kept.event.commit, kept.event.epoch)
        if place not in held:
            lost.setdefault(place, {})[kept.event.version] = kept
    return max((kept.event.epoch for kept in found), default=0)


def _read(record: KafkaRecord, service: str) -> _Kept | None:
    try:
        event = from_record(record.key, record.value, record.headers)
    except (Unreadable, UnknownType):
        return None
    if event.service != service:
        return None
    headers = dict(record.headers)
    digest = headers[DIGEST_HEADER].decode() if DIGEST_HEADER in headers else None
    return _Kept(event, headers["ce_type"].decode(), orjson.loads(record.value), digest)


async def _append(database: AsyncDatabase[dict[str, Any]], lost: dict[Place, dict[int, _Kept]]) -> Recovery:
    commits, incomplete = [], []
    for place in sorted(lost):
        commit = _commit(place[0], lost[place])
        if commit is not None:
            commits.append(commit)
        if commit is None or len(commit.entries) < len(lost[place]):
            incomplete.append(place[0])
    store = MongoStore(database)
    appended = 0
    for first in range(0, len(commits), BATCH):
        batch = commits[first : first + BATCH]
        for commit, refused in zip(batch, await store.append(batch), strict=True):
            if refused is None:
                appended += 1
            else:
                incomplete.append(commit.id)
    return Recovery(appended, tuple(incomplete))


def _commit(id_: str, events: dict[int, _Kept]) -> Commit | None:
    """The commit, as long as its first event is there; its causes and claims stand in the order of its events."""
    first = int(id_.rsplit("/", 1)[1])
    kept: list[_Kept] = []
    while first + len(kept) in events:
        kept.append(events[first + len(kept)])
    if not kept:
        return None
    head = kept[0].event
    claims: dict[str, Claim] = {}
    for one in kept:
        for value in one.event.claims:
            claims.setdefault(value, Claim(value, one.event.cause, one.digest))
    return Commit(
        stream=head.stream,
        version=first,
        epoch=head.epoch,
        service=head.service,
        provider=head.provider,
        site=head.site,
        causes=_causes(kept),
        claims=tuple(claims.values()),
        recorded_at=head.recorded_at,
        entries=tuple(_entry(one) for one in kept),
    )


def _causes(kept: Iterable[_Kept]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(one.event.cause for one in kept))


def _entry(kept: _Kept) -> Entry:
    event = kept.event
    return Entry(kept.type, event.event.case, event.event.occurred_at, event.cause, event.correlation, kept.data)
