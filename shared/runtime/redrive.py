"""The `parked` command: look at what waits for a person, handle a key again in order, or let a record go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.events.catalogue import UnknownType, Unreadable
from shared.runtime.parking import Parking
from shared.runtime.record import Handle, Record, event_of

USAGE = "parked list | count | redrive KEY | discard TOPIC/PARTITION/OFFSET REASON"


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many of a key's records were handled, how many wait still, and what stopped it (None: nothing)."""

    handled: int
    waiting: int
    stopped_by: str | None


async def redrive(parking: Parking, key: str, handlers: Mapping[str, Handle]) -> Redriven:
    """Handle a key's parked records again, in order, and stop at the first one that fails: nothing overtakes it.

    `handlers` are the service's own, by topic. Records that arrive meanwhile park behind and are taken too.
    """
    handled = 0
    while waiting := await parking.of(key):
        for parked in waiting:
            fault = await _handle(parked.record, handlers.get(parked.record.topic))
            if fault is not None:
                return Redriven(handled, len(await parking.of(key)), fault)
            await parking.settle(parked.record, "redriven")
            handled += 1
    return Redriven(handled, 0, None)


async def _handle(record: Record, handle: Handle | None) -> str | None:
    if handle is None:
        return f"{record.id}: this service no longer reads {record.topic}"
    try:
        event = event_of(record)
        failed = (await handle([event]))[0]
    except (Unreadable, UnknownType) as unreadable:
        return f"{record.id}: {unreadable}"
    except Exception as bug:  # noqa: BLE001 - the operator is told, and the record stays where it is
        failed = bug
    return None if failed is None else f"{record.id}: {type(failed).__name__}"


async def parked_command(arguments: Sequence[str], *, parking: Parking, handlers: Mapping[str, Handle]) -> list[str]:
    """Run one `parked` command and return the lines to print; what it does not understand gets the usage."""
    match list(arguments):
        case ["list"]:
            return [f"{one.record.id} {_shown(one.record.key)} {one.reason}" for one in await parking.first()]
        case ["count"]:
            return [str(await parking.count())]
        case ["redrive", key]:
            done = await redrive(parking, key, handlers)
            lines = [f"{done.handled} handled, {done.waiting} waiting"]
            return [*lines, f"stopped by {done.stopped_by}"] if done.stopped_by else lines
        case ["discard", record_id, *words] if words:
            return [await _discard(parking, record_id, " ".join(words))]
        case _:
            return [USAGE]


async def _discard(parking: Parking, record_id: str, why: str) -> str:
    parked = await parking.at(record_id)
    if parked is None or parked.state != "open":
        return f"{record_id} is not open"
    await parking.settle(parked.record, "discarded", why=why)
    return f"{record_id} discarded; its bytes are kept"


def _shown(key: bytes | None) -> str:
    return "-" if key is None else ascii(key.decode(errors="replace"))[1:-1]
