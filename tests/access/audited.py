"""A made-up audit log, as documents in memory and the heads that were kept of it; and what a check says of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import bson

from shared.access.audit.chain import START, Entry, Head, line_of, linked
from shared.access.audit.checking import Checked, Checking
from shared.access.audit.heads import Heads

KEY = bytes(range(32))
SERVICE = "referral"
AT = datetime(2026, 11, 24, 9, 30, 0, 123_000, tzinfo=UTC)


def entry(number: int, **changes: Any) -> Entry:
    """One of many entries, no two alike."""
    made = Entry(
        id=f"{number:032x}",
        who=f"worker-{number % 3}",
        role="triage-worker",
        organisation="nct",
        operation="referral.identity",
        subjects=(f"case-{number % 5}",),
        purpose="",
        outcome="admitted",
        at=AT + timedelta(milliseconds=number),
        via="token",
        proof=f"token-{number}",
    )
    return replace(made, **changes)


def chain_name(number: int, service: str = SERVICE) -> str:
    """The name of one of a few chains, of two days."""
    return f"{service}/2026-11-{24 + number % 2}/{number:012x}"


@dataclass
class Log:
    """Documents as the database holds them, as BSON by `_id`; and the lines of the file of heads."""

    documents: dict[str, bytes]
    heads: list[bytes]
    lengths: dict[str, int]
    proven: dict[str, int]

    def copy(self) -> "Log":
        """Another one that may be harmed."""
        return Log(dict(self.documents), list(self.heads), self.lengths, self.proven)


def made(lengths: Sequence[int] = (9, 5, 12, 1), *, every: int = 4, key: bytes = KEY) -> Log:
    """Chains of so many entries, and a head of each after every few of them; the last few have none."""
    log = Log({}, [], {}, {})
    for number, length in enumerate(lengths):
        name = chain_name(number)
        head = Head(name, 0, START)
        for place in range(length):
            (document,), head = linked(key, head, [entry(100 * number + place)])
            log.documents[document["_id"]] = bson.encode(document)
            if head.length % every == 1:
                log.heads.append(line_of(key, head))
                log.proven[name] = head.length
        log.lengths[name] = length
    return log


@dataclass
class Found:
    """What a check found."""

    chains: dict[str, Checked]
    faults: list[str]


def check(documents: Iterable[bytes], heads: Iterable[bytes], *, key: bytes = KEY) -> Found:
    """Check documents, in the order given, against lines of heads: the very code of `audit verify`."""
    kept = Heads(SERVICE, key)
    for place, line in enumerate(heads, 1):
        kept.take(line, "file", place)
    checking = Checking(key, kept)
    results = [over for raw in documents if (over := checking.take(raw)) is not None]
    results += checking.finish()
    faults = [fault for one in results for fault in one.faults] + kept.faults
    strangers = [f"{checking.strangers} strangers"] if checking.strangers else []
    return Found({one.chain: one for one in results}, faults + strangers)


def check_log(log: Log) -> Found:
    """Check a log as the database would hand it over: in order of `_id`."""
    return check([log.documents[id_] for id_ in sorted(log.documents)], log.heads)
