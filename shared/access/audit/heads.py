"""Heads that were kept where the database's own keepers cannot follow: what a stored chain is held against."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from shared.access.audit.chain import CHAIN, Head, head_of
from shared.access.policy.table import SERVICES

SHOWN = 100
"""Faults that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A head, and where it was found."""

    head: Head
    source: str


class Heads:
    """One service's heads, of one day or of all; kept in memory, one a minute and process at most."""

    def __init__(self, service: str, key: bytes, day: str | None = None) -> None:
        self.faults: list[str] = []
        self.more = 0
        self.read = 0
        self._service = service
        self._key = key
        self._prefix = f"{service}/{day}/" if day else f"{service}/"
        self._of: dict[str, dict[int, Witness]] = {}

    def take(self, line: bytes, source: str, place: int) -> None:
        """Take a line of a file or a record's value; `place` is its number there. Other services' are passed over."""
        if _service(line) in {*SERVICES} - {self._service}:
            return
        head = head_of(self._key, line)
        if head is None or not CHAIN.fullmatch(head.chain):
            self._fault(f"{source}, {place}: no head, or one that was changed or forged")
        elif head.chain.startswith(self._prefix):
            self.read += 1
            self._keep(Witness(head, source))

    def of(self, chain: str) -> list[Witness]:
        """The chain's heads, shortest first; they are given once."""
        return [witness for _, witness in sorted(self._of.pop(chain, {}).items())]

    def left(self) -> Iterator[list[Witness]]:
        """The heads of each chain that nobody asked for, shortest first."""
        for chain in sorted(self._of):
            yield self.of(chain)

    def _keep(self, witness: Witness) -> None:
        head = witness.head
        known = self._of.setdefault(head.chain, {}).setdefault(head.length, witness)
        if known.head.mac != head.mac:
            self._fault(
                f"{head.chain}: two heads of {head.length} entries differ ({known.source}, {witness.source}):"
                " whoever has the key wrote two histories"
            )

    def _fault(self, text: str) -> None:
        if len(self.faults) < SHOWN:
            self.faults.append(text)
        else:
            self.more += 1


def _service(line: bytes) -> str:
    """Whose head a line says it is; "" where it does not say."""
    try:
        return str(orjson.loads(line)["chain"]).partition("/")[0]
    except (ValueError, TypeError, KeyError, IndexError):
        return ""
