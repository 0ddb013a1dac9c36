"""The checker finds every planted bug and clears a clean run: a judge that cannot convict is no judge."""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.faults.checker import Document, Evidence, Record, judge

SPACE = UUID("00000000-0000-0000-0000-00000000be51")


Entry = tuple[str, str | None, dict[str, Any]]


def _commit(service: str, stream: str, version: int, events: list[Entry]) -> dict[str, Any]:
    return {
        "_id": f"{stream}/{version:010d}",
        "stream": stream,
        "version": version,
        "causes": [str(uuid5(SPACE, f"{service}/{stream}/{version}"))],
        "claims": [f"key/{service}/{stream}/{version}"],
        "events": [{"type": wire, "case": case, "data": data} for wire, case, data in events],
    }


def _records(service: str, commit: dict[str, Any], partition: int) -> list[Record]:
    found: list[Record] = []
    for offset, entry in enumerate(commit["events"]):
        version = commit["version"] + offset
        key = entry["case"] or commit["stream"].split("/", 1)[1]
        headers = {
            "ce_id": str(uuid5(SPACE, f"{service}/{commit['stream']}/{version}")),
            "ce_source": f"/{service}/{commit['stream']}",
            "ce_sequence": f"{version:010d}",
            "ce_type": entry["type"],
        }
        if entry["case"]:
            headers["ce_subject"] = entry["case"]
        value = json.dumps(entry["data"]).encode()
        topics = [f"{service}.events"] + ["safeguarding.signals"] * entry["type"].endswith("worry_flagged.v1")
        found += [Record(topic, partition, len(found), key, headers, value) for topic in topics]
    return found


def _clean() -> Evidence:
    journals: dict[str, list[dict[str, Any]]] = {"referral": [], "triage": [], "safeguarding": []}
    ledger: list[dict[str, Any]] = []
    records: list[Record] = []
    for number in range(3):
        case, signal = str(uuid5(SPACE, f"case {number}")), str(uuid5(SPACE, f"signal {number}"))
        stream = f"case/{case}"
        received = ("referral.received.v1", case, {"source": "gp"})
        raised = ("safeguarding.raised.v1", case, {"signal_id": signal})
        worry = ("referral.worry_flagged.v1", case, {"signal_id": signal})
        commits = [
            ("referral", _commit("referral", stream, 1, [received, worry])),
            ("triage", _commit("triage", stream, 1, [("triage.referral_heard.v1", case, {})])),
            ("triage", _commit("triage", stream, 2, [("triage.recommended.v1", case, {"urgency": "now"})])),
            ("safeguarding", _commit("safeguarding", f"concern/{signal}", 1, [raised])),
        ]
        for service, commit in commits:
            journals[service].append(commit)
            for record in _records(service, commit, number):
                records.append(replace(record, offset=len(records)))
        ledger.append({"key": f"key-{number}", "status": 201, "case": case, "urgent": True})
    return Evidence(ledger, journals, records)


def _with_journal(evidence: Evidence, service: str, commits: Sequence[Document]) -> Evidence:
    return replace(evidence, journals={**evidence.journals, service: commits})


def _lost_reception(evidence: Evidence) -> Evidence:
    return _with_journal(evidence, "referral", evidence.journals["referral"][:-1])


def _doubled_reception(evidence: Evidence) -> Evidence:
    case = evidence.journals["referral"][0]["events"][0]["case"]
    twin = _commit("referral", "case/other", 1, [("referral.received.v1", case, {})])
    return _with_journal(evidence, "referral", [*evidence.journals["referral"], twin])


def _lost_recommendation(evidence: Evidence) -> Evidence:
    first, _, *rest = evidence.journals["triage"]
    return _with_journal(evidence, "triage", [first, *rest])


def _lost_concern(evidence: Evidence) -> Evidence:
    return _with_journal(evidence, "safeguarding", evidence.journals["safeguarding"][:-1])


def _forgotten_worry(evidence: Evidence) -> Evidence:
    evidence.journals["referral"][0]["events"].pop()
    return evidence


def _gap_in_a_stream(evidence: Evidence) -> Evidence:
    first, second, *rest = evidence.journals["triage"]
    return _with_journal(evidence, "triage", [first, {**second, "version": 3}, *rest])


def _cause_taken_twice(evidence: Evidence) -> Evidence:
    first, second = evidence.journals["triage"][:2]
    second["causes"].append(first["causes"][0])
    return evidence


def _claim_held_twice(evidence: Evidence) -> Evidence:
    first, second = evidence.journals["referral"][:2]
    second["claims"].append(first["claims"][0])
    return evidence


def _relabelled(record: Record, **headers: str) -> Record:
    return replace(record, headers={**record.headers, **headers})


def _never_relayed(evidence: Evidence) -> Evidence:
    return replace(evidence, records=[r for r in evidence.records if r is not evidence.records[-1]])


def _relayed_from_nowhere(evidence: Evidence) -> Evidence:
    return replace(
        evidence, records=[*evidence.records, _relabelled(evidence.records[0], ce_sequence="9", ce_id="ghost")]
    )


def _garbled_on_the_way(evidence: Evidence) -> Evidence:
    first, *rest = evidence.records
    return replace(evidence, records=[replace(first, value=b'{"source": "other"}'), *rest])


def _out_of_order(evidence: Evidence) -> Evidence:
    triage = [r for r in evidence.records if r.topic == "triage.events" and r.partition == 0]
    swapped = {id(triage[0]): triage[1].offset, id(triage[1]): triage[0].offset}
    return replace(evidence, records=[replace(r, offset=swapped.get(id(r), r.offset)) for r in evidence.records])


def _one_id_for_two(evidence: Evidence) -> Evidence:
    stolen = evidence.records[0].headers["ce_id"]
    *rest, last = evidence.records
    return replace(evidence, records=[*rest, _relabelled(last, ce_id=stolen)])


def _key_on_two_partitions(evidence: Evidence) -> Evidence:
    return replace(evidence, records=[*evidence.records, replace(evidence.records[0], partition=11, offset=99)])


def _wrong_type_in_headers(evidence: Evidence) -> Evidence:
    first, *rest = evidence.records
    return replace(evidence, records=[_relabelled(first, ce_type="referral.withdrawn.v1"), *rest])


PLANTED = [
    _lost_reception,
    _doubled_reception,
    _lost_recommendation,
    _lost_concern,
    _forgotten_worry,
    _gap_in_a_stream,
    _cause_taken_twice,
    _claim_held_twice,
    _never_relayed,
    _relayed_from_nowhere,
    _garbled_on_the_way,
    _out_of_order,
    _one_id_for_two,
    _key_on_two_partitions,
    _wrong_type_in_headers,
]


def test_clean_run_has_no_fault() -> None:
    assert judge(_clean()) == []


def test_duplicates_on_the_topic_are_no_fault() -> None:
    evidence = _clean()

    assert judge(replace(evidence, records=[*evidence.records, *evidence.records])) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_planted_bug_is_found(plant: Callable[[Evidence], Evidence]) -> None:
    assert judge(plant(copy.deepcopy(_clean())))
