"""`audit verify`: checks every chain and says what is wrong, what is proven, and what nobody can know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.access.audit.checking import Checked, Checking
from shared.access.audit.heads import Heads
from shared.access.audit.reading import Database, documents, doubled, of_day

Say = Callable[[str], None]


@dataclass(slots=True)
class Sum:
    """Of all chains."""

    chains: int = 0
    entries: int = 0
    unproven: int = 0
    faults: int = 0


async def verify(database: Database, key: bytes, heads: Heads, *, service: str, day: str | None, say: Say) -> bool:
    """Say a line for each chain and each fault, then the sum; whether there was no fault.

    `heads` must have been read before, so that none of them is ahead of the entries. Raises `PyMongoError`.
    """
    wanted, checking, total = of_day(service, day), Checking(key, heads), Sum()
    read = heads.read
    async for document in documents(database, wanted):
        if (over := checking.take(document)) is not None:
            _add(total, over, say)
    for over in checking.finish():
        _add(total, over, say)
    for fault in heads.faults:
        say(f"FAULT {fault}")
    if heads.more:
        say(f"FAULT and {heads.more} more lines or records that are no heads")
    if checking.strangers:
        say(f"FAULT {checking.strangers} documents stand at no place of any chain")
    total.faults += len(heads.faults) + heads.more + checking.strangers
    for line in _summing(total, read, await doubled(database, wanted)):
        say(line)
    return not total.faults


def _add(total: Sum, chain: Checked, say: Say) -> None:
    total.chains += 1
    total.entries += chain.entries
    total.unproven += chain.unproven
    total.faults += len(chain.faults) + chain.more
    if chain.entries:
        say(_line(chain))
    for fault in chain.faults:
        say(f"FAULT {fault}")
    if chain.more:
        say(f"FAULT {chain.chain}: and {chain.more} more")


def _line(chain: Checked) -> str:
    times = f"{_time(chain.first_at)} to {_time(chain.last_at)}"
    if chain.proven is None:
        return f"{chain.chain}: {chain.entries} entries, {times}; no head proves any of them complete"
    proven = f"complete up to {chain.proven.head.length} by a head in {chain.proven.source}"
    after = f"; {chain.unproven} after it are not proven to be complete" if chain.unproven else ""
    return f"{chain.chain}: {chain.entries} entries, {times}; {proven}{after}"


def _summing(total: Sum, heads: int, twice: int) -> list[str]:
    lines = [f"{total.entries} entries in {total.chains} chains, {heads} heads, {total.faults} faults"]
    if twice:
        lines.append(f"{twice} entries stand twice under one id: the database had not confirmed their first writing")
    if not heads:
        lines.append("No heads were read: changed entries are found, but not what was cut off or removed whole.")
    if total.unproven:
        lines.append(
            f"{total.unproven} entries after the last heads are not proven to be complete: "
            "what followed a chain's last head may have been cut off, and nothing here would show it."
        )
    lines.append("A chain of which no head was kept can have been removed whole, and nothing here would show it.")
    if total.entries and total.faults >= total.entries:
        lines.append("Not one entry fits: is this the service's own key file, with the .index file beside it?")
    return lines


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
