"""Holds a stored log against its key and its heads, one entry at a time, and says what it proves and what it cannot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import bson
from bson.errors import BSONError

from shared.access.audit.chain import CHAIN, START, Entry, document, mac_of
from shared.access.audit.heads import Heads, Witness

PLACE = re.compile(rf"({CHAIN.pattern})/([0-9]{{10}})")
SHOWN = 5
"""Faults of one chain that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it stands in the database. `genuine`: byte for byte what the key's holder wrote at this place."""

    chain: str
    number: int
    before: str
    mac: str
    genuine: bool
    entry: Entry | None = None


@dataclass(slots=True)
class Checked:
    """What one chain came to. `proven`: the longest head that the entries agree with up to its length."""

    chain: str
    entries: int = 0
    first_at: int = 0
    last_at: int = 0
    proven: Witness | None = None
    faults: list[str] = field(default_factory=list)
    more: int = 0

    def fault(self, text: str) -> None:
        """Keep a fault, or count it when enough are named."""
        if len(self.faults) < SHOWN:
            self.faults.append(f"{self.chain}: {text}")
        else:
            self.more += 1

    @property
    def unproven(self) -> int:
        """Entries behind the last head that proves: genuine as they stand, but nobody knows how many there were."""
        return self.entries - (self.proven.head.length if self.proven else 0)


def stored(key: bytes, raw: bytes) -> Stored | None:
    """Read an entry as it stands, in BSON; None for a document that stands at no place of any chain."""
    try:
        said = bson.decode(raw)
        place = PLACE.fullmatch(said["_id"])
    except (BSONError, KeyError, TypeError, ValueError, OverflowError):
        return None
    if place is None:
        return None
    chain, number = place[1], int(place[2])
    before, mac = str(said.get("before")), str(said.get("mac"))
    try:
        entry = Entry.of_content(said["content"])
        content = entry.content()
        code = mac_of(key, chain, number, content, before)
        genuine = bson.encode(document(chain, number, content, before, code)) == raw
    except (BSONError, KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return Stored(chain, number, before, mac, genuine=False)
    return Stored(chain, number, before, mac, genuine, entry)


class Checking:
    """Takes the documents of one service's log in order of `_id`; gives each chain's result when it is over."""

    def __init__(self, key: bytes, heads: Heads) -> None:
        self.strangers = 0
        self._key = key
        self._heads = heads
        self._chain: Checked | None = None
        self._number = 0
        self._mac = START
        self._awaited: list[Witness] = []

    def take(self, raw: bytes) -> Checked | None:
        """Check one document; the result of the chain before it, if that is over now."""
        one = stored(self._key, raw)
        if one is None:
            self.strangers += 1
            return None
        over = None
        if self._chain is None or self._chain.chain != one.chain:
            over = self._over()
            self._begin(one.chain)
        self._follow(one)
        return over

    def finish(self) -> Iterator[Checked]:
        """The last chain's result, and one for each chain that only heads speak of."""
        if (last := self._over()) is not None:
            yield last
        for witnesses in self._heads.left():
            gone = Checked(witnesses[-1].head.chain)
            gone.fault(f"is gone altogether; {_said(witnesses[-1])}")
            yield gone

    def _begin(self, chain: str) -> None:
        self._chain = Checked(chain)
        self._number, self._mac = 0, START
        self._awaited = self._heads.of(chain)[::-1]

    def _follow(self, one: Stored) -> None:
        chain = self._chain
        assert chain is not None
        if one.number <= self._number:
            chain.fault(f"entry {one.number} stands twice")
            return
        if one.number > self._number + 1:
            chain.fault(f"entries {self._number + 1} to {one.number - 1} are missing")
        elif one.genuine and one.before != self._mac:
            chain.fault(f"entry {one.number} does not follow the one before it")
        if not one.genuine:
            chain.fault(f"entry {one.number} was changed or forged")
        self._note(chain, one)
        self._witnessed(chain, one)
        self._number, self._mac = one.number, one.mac

    def _note(self, chain: Checked, one: Stored) -> None:
        chain.entries += 1
        if one.genuine and one.entry is not None:
            chain.last_at = int(one.entry.at.timestamp())
            chain.first_at = chain.first_at or chain.last_at

    def _witnessed(self, chain: Checked, one: Stored) -> None:
        """Hold the entry against the heads up to it; a head of a missing entry is no longer met."""
        while self._awaited and self._awaited[-1].head.length <= one.number:
            witness = self._awaited.pop()
            if witness.head.length == one.number and witness.head.mac == one.mac:
                chain.proven = chain.proven if chain.faults else witness
            else:
                chain.fault(
                    f"the entries up to {witness.head.length} are not those that were written; {_said(witness)}"
                )

    def _over(self) -> Checked | None:
        chain, self._chain = self._chain, None
        if chain is not None and self._awaited:
            longest = self._awaited[0]
            chain.fault(f"entries {self._number + 1} to {longest.head.length} are missing; {_said(longest)}")
        return chain


def _said(witness: Witness) -> str:
    return f"a head in {witness.source} says there were {witness.head.length}"
