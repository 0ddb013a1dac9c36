"""The chain itself: each entry carries an HMAC over its content and the one before; whoever has the key can check it.

A chain belongs to one process and one day, so that nobody waits for another's last entry.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson

START = "0" * 64
"""What the first entry of a chain stands on."""
CHAIN = re.compile(r"[a-z]{1,40}/[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9a-f]{12}")
"""Service, day (UTC), and what is this chain's alone. In order of `_id` a chain's entries stand together."""
CODE = re.compile(r"[A-Za-z0-9._:/|=-]{0,200}")
OUTCOME = re.compile(r"(?:spooled, )?[a-z]+(?:: [A-Za-z0-9._-]{1,100})?")
UNREADABLE = "unreadable"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """Who, in which role and for which organisation, did which operation on what, why, with what outcome, when.

    Ids and codes only: an entry names nobody by name. `id` is the entry's own: one that stands twice, because its
    first writing had an unknown outcome, is known by it. `at` is in whole milliseconds.
    """

    id: str
    who: str
    role: str
    organisation: str
    operation: str
    subjects: tuple[str, ...]
    purpose: str
    outcome: str
    at: datetime
    via: str
    proof: str
    through: str = ""

    def content(self) -> dict[str, Any]:
        """As it is stored and signed; the time in whole milliseconds since 1970."""
        return {
            "id": self.id,
            "who": self.who,
            "role": self.role,
            "organisation": self.organisation,
            "operation": self.operation,
            "subjects": list(self.subjects),
            "purpose": self.purpose,
            "outcome": self.outcome,
            "at": (self.at - _EPOCH) // _MILLISECOND,
            "via": self.via,
            "proof": self.proof,
            "through": self.through,
        }

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Self:
        """The entry whose content this is. Raises `KeyError` or `TypeError` for anything else."""
        at = _EPOCH + content["at"] * _MILLISECOND
        return cls(**{**content, "subjects": tuple(content["subjects"]), "at": at})


FIELDS = tuple(field for field in Entry.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain has come: its length, and the last entry's code. Nobody's data are in it."""

    chain: str
    length: int
    mac: str


def code(text: str | None) -> str:
    """`text` where it is an id or code, else "unreadable": what a caller writes into a path may be somebody's name."""
    return text if text is not None and CODE.fullmatch(text) else UNREADABLE if text else ""


def mac_of(key: bytes, chain: str, number: int, content: Mapping[str, Any], before: str) -> str:
    """The code of entry `number` (from 1) of a chain, in hexadecimal.

    HMAC-SHA256 of the JSON list [chain, number, before, content], UTF-8, no spaces, keys in order of their letters.
    """
    signed = orjson.dumps([chain, number, before, content], option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, signed, "sha256").hex()


def document(chain: str, number: int, content: Mapping[str, Any], before: str, mac: str) -> dict[str, Any]:
    """An entry as it is stored."""
    return {
        "_id": f"{chain}/{number:010d}",
        "chain": chain,
        "number": number,
        "content": {name: content[name] for name in FIELDS},
        "before": before,
        "mac": mac,
    }


def linked(key: bytes, head: Head, entries: Iterable[Entry]) -> tuple[list[dict[str, Any]], Head]:
    """Entries as the documents that follow `head`, and the head they lead to."""
    documents: list[dict[str, Any]] = []
    number, before = head.length, head.mac
    for entry in entries:
        number, content = number + 1, entry.content()
        mac = mac_of(key, head.chain, number, content, before)
        documents.append(document(head.chain, number, content, before, mac))
        before = mac
    return documents, Head(head.chain, number, before)


def line_of(key: bytes, head: Head) -> bytes:
    """A head as a line of JSON under a seal of its own, so that a made-up one is not taken for a loss."""
    fields: dict[str, Any] = {"chain": head.chain, "length": head.length, "mac": head.mac}
    return orjson.dumps(fields | {"seal": _seal(key, fields)})


def head_of(key: bytes, line: bytes) -> Head | None:
    """The head that was written as this very line; None for any other text."""
    try:
        said = orjson.loads(line)
        head = Head(said["chain"], said["length"], said["mac"])
        return head if line_of(key, head) == line else None
    except (ValueError, TypeError, KeyError):
        return None


def sealed(key: bytes, content: Mapping[str, Any]) -> bytes:
    """Content of an entry that is in no chain yet, as a line of JSON under a seal."""
    return orjson.dumps({"content": content, "seal": _seal(key, content)})


def unsealed(key: bytes, line: bytes) -> Entry | None:
    """The entry that was sealed as this very line; None for any other text."""
    try:
        entry = Entry.of_content(orjson.loads(line)["content"])
        return entry if sealed(key, entry.content()) == line else None
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _seal(key: bytes, fields: Mapping[str, Any]) -> str:
    """Of a dictionary alone, where an entry's code is of a list: neither can stand for the other."""
    return hmac.digest(key, orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), "sha256").hex()
