"""Judges a campaign from outside, by ledgers, raw journals and raw Kafka records; it knows no service code."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """One Kafka record as it lay on the topic."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, str]
    value: bytes


@dataclass(frozen=True)
class Evidence:
    """All that a campaign leaves behind.

    `ledger`: one mapping per POST tried: {key, status, case (when 201), urgent}.
    `journals`: per service, its raw commit documents. `records`: every record of every topic.
    """

    ledger: Sequence[Document]
    journals: Mapping[str, Sequence[Document]]
    records: Sequence[Record]
    planted: Mapping[str, Any] = field(default_factory=dict)


def judge(evidence: Evidence) -> list[str]:
    """Every broken promise, in words; an empty list is the only good answer."""
    rules = (
        _acknowledged_once,
        _recommended_once,
        _urgent_raised_once,
        _versions_gapless,
        _causes_once,
        _claims_once,
        _topic_equals_journal,
        _first_occurrences_ascend,
        _one_id_one_event,
        _key_keeps_partition,
        _headers_match_commit,
    )
    return [fault for rule in rules for fault in rule(evidence)]


def _entries(evidence: Evidence, service: str) -> Iterator[tuple[Document, int, Document]]:
    for commit in evidence.journals.get(service, ()):
        for offset, entry in enumerate(commit["events"]):
            yield commit, commit["version"] + offset, entry


def _cases(evidence: Evidence, service: str, wire: str) -> Counter[str]:
    return Counter(str(entry.get("case")) for _, _, entry in _entries(evidence, service) if entry["type"] == wire)


def _acknowledged(evidence: Evidence) -> set[str]:
    return {str(row["case"]) for row in evidence.ledger if row["status"] == 201}


def _exactly_once(wanted: Iterable[str], found: Counter[str], what: str) -> Iterator[str]:
    for case in wanted:
        if found[case] != 1:
            yield f"{case}: {found[case]} {what} instead of 1"


def _acknowledged_once(evidence: Evidence) -> Iterator[str]:
    found = _cases(evidence, "referral", "referral.received.v1")
    yield from _exactly_once(_acknowledged(evidence), found, "receptions")
    for case, count in found.items():
        if count > 1:
            yield f"{case}: received {count} times"


def _recommended_once(evidence: Evidence) -> Iterator[str]:
    received = _cases(evidence, "referral", "referral.received.v1")
    yield from _exactly_once(received, _cases(evidence, "triage", "triage.recommended.v1"), "recommendations")


def _urgent_raised_once(evidence: Evidence) -> Iterator[str]:
    raised = Counter(
        entry["data"]["signal_id"]
        for _, _, entry in _entries(evidence, "safeguarding")
        if entry["type"] == "safeguarding.raised.v1"
    )
    for _, _, entry in _entries(evidence, "referral"):
        if entry["type"] == "referral.worry_flagged.v1" and raised[entry["data"]["signal_id"]] != 1:
            yield f"signal {entry['data']['signal_id']}: {raised[entry['data']['signal_id']]} concerns instead of 1"
    flagged = _cases(evidence, "referral", "referral.worry_flagged.v1")
    for row in evidence.ledger:
        if row["status"] == 201 and row.get("urgent") and not flagged[str(row["case"])]:
            yield f"{row['case']}: acknowledged with an urgent code, but no worry was flagged"


def _versions_gapless(evidence: Evidence) -> Iterator[str]:
    for service in evidence.journals:
        versions: dict[str, list[int]] = defaultdict(list)
        for commit, version, _ in _entries(evidence, service):
            versions[commit["stream"]].append(version)
        for stream, seen in versions.items():
            if sorted(seen) != list(range(1, len(seen) + 1)):
                yield f"{service} {stream}: versions {sorted(seen)[:12]} have a gap or a repeat"


def _causes_once(evidence: Evidence) -> Iterator[str]:
    for service, commits in evidence.journals.items():
        seen = Counter((commit["stream"], str(cause)) for commit in commits for cause in commit["causes"])
        yield from (f"{service} {pair[0]}: cause took effect {n} times" for pair, n in seen.items() if n > 1)


def _claims_once(evidence: Evidence) -> Iterator[str]:
    for service, commits in evidence.journals.items():
        seen = Counter(claim for commit in commits for claim in commit.get("claims", ()))
        yield from (f"{service}: claim {claim} held {n} times" for claim, n in seen.items() if n > 1)


def _place(record: Record) -> tuple[str, int]:
    return record.headers["ce_source"], int(record.headers["ce_sequence"])


def _own_topic(record: Record) -> bool:
    return record.topic.endswith(".events")


def _topic_equals_journal(evidence: Evidence) -> Iterator[str]:
    relayed = {_place(record): record for record in evidence.records if _own_topic(record)}
    for service in evidence.journals:
        for commit, version, entry in _entries(evidence, service):
            record = relayed.pop((f"/{service}/{commit['stream']}", version), None)
            if record is None:
                yield f"{service} {commit['stream']} {version}: never reached its topic"
            elif json.loads(record.value) != entry["data"]:
                yield f"{service} {commit['stream']} {version}: the topic says something else than the journal"
    yield from (f"{source} {version}: on the topic, but in no journal" for source, version in relayed)


def _first_occurrences_ascend(evidence: Evidence) -> Iterator[str]:
    highest: dict[tuple[str, str, str], int] = defaultdict(int)
    for record in sorted(evidence.records, key=lambda r: (r.topic, r.partition, r.offset)):
        source, version = _place(record)
        line = (record.topic, record.key, source)
        if record.topic.endswith(".events") and version > highest[line] + 1:
            yield f"{record.topic} {source}: {version} arrived before {highest[line] + 1}"
        highest[line] = max(highest[line], version)


def _one_id_one_event(evidence: Evidence) -> Iterator[str]:
    places: dict[str, tuple[tuple[str, int], bytes]] = {}
    ids: dict[tuple[str, int], str] = {}
    for record in evidence.records:
        this, place = record.headers["ce_id"], _place(record)
        if places.setdefault(this, (place, record.value)) != (place, record.value):
            yield f"event id {this} names two different events"
        if ids.setdefault(place, this) != this:
            yield f"{place[0]} {place[1]}: has two event ids"


def _key_keeps_partition(evidence: Evidence) -> Iterator[str]:
    homes: dict[tuple[str, str], int] = {}
    for record in evidence.records:
        if homes.setdefault((record.topic, record.key), record.partition) != record.partition:
            yield f"{record.topic}: key {record.key} is on two partitions"


def _headers_match_commit(evidence: Evidence) -> Iterator[str]:
    types = {
        (f"/{service}/{commit['stream']}", version): (entry["type"], str(entry["case"]) if entry.get("case") else None)
        for service in evidence.journals
        for commit, version, entry in _entries(evidence, service)
    }
    for record in evidence.records:
        known = types.get(_place(record))
        said = (record.headers["ce_type"], record.headers.get("ce_subject"))
        if known is not None and known != said:
            yield f"{record.topic} {_place(record)}: headers say {said[0]}, the journal {known[0]}"
