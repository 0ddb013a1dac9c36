"""What happens to records between Kafka and the handler: read, held back, tried again, parked. No Kafka here."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from shared.events.catalogue import CATALOGUE, UnknownType, Unreadable
from shared.events.cloudevents import wire_of
from shared.events.recorded import Recorded
from shared.runtime.errors import UnknownHistory
from shared.runtime.gauges import RECORDS
from shared.runtime.parking import BEHIND, Key, Parking
from shared.runtime.record import Handle, OnUnreadable, Record, event_of
from shared.runtime.transient import passes, pause

log = structlog.get_logger()
T = TypeVar("T")

UNKNOWN_HISTORY_ATTEMPTS = 15
"""About 20 s: a rolling deployment passes, a stream written by a newer release for good does not."""


class TooManyParked(Exception):
    """So much fails in the handler that the fault is more likely here than in the records."""


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """Records whose handling may fail within `seconds` before the consumer stops itself (docs/design.md, Parking).

    Records that cannot even be read do not count: a stranger's rubbish must not be able to stop a consumer.
    """

    failures: int = 100
    seconds: float = 60.0


class PassedOver:
    """A type that is known and means nothing to this reader; the record is not read further."""


PASSED_OVER = PassedOver()
Content = Recorded | Unreadable | UnknownType | PassedOver


@dataclass(slots=True)
class _Read:
    record: Record
    content: Content

    @property
    def key(self) -> Key | None:
        return None if self.record.key is None else (self.record.topic, self.record.key)


class Delivery:
    """Hands records to `handle` so that each is handled, ignored or parked when `deliver` returns, in order per key.

    With `on_unreadable` nothing is only parked: that hook is called first, and no record waits behind another one.
    `hears`: the wire types that mean something to `handle`; other known ones are passed over. None: every type does.
    """

    def __init__(
        self,
        *,
        service: str,
        group: str,
        handle: Handle,
        parking: Parking,
        on_unreadable: OnUnreadable | None = None,
        limits: DeliveryLimits | None = None,
        hears: frozenset[str] | None = None,
    ) -> None:
        self._service = service
        self._group = group
        self._handle = handle
        self._parking = parking
        self._on_unreadable = on_unreadable
        self._limits = limits or DeliveryLimits()
        self._passes_over = frozenset() if hears is None else CATALOGUE.keys() - hears
        self._failures: deque[float] = deque()
        self._open: set[Key] | None = None

    def look_again(self) -> None:
        """Partitions came from another instance: what it parked of their keys is not known here yet."""
        self._open = None

    async def deliver(self, records: Sequence[Record]) -> None:
        """Deal with every record; passing failures are waited out, however long that takes.

        Raises what parking raises, and `TooManyParked`: in both cases nothing of this batch may be acknowledged.
        """
        read = [_Read(record, self._content(record)) for record in records]
        blocked: set[Key] = set()
        if not self._on_unreadable:
            blocked = await self._blocked({one.key for one in read if one.key is not None})
        for wave in _waves(self._without_ignored(read)):
            await self._deliver_wave(wave, blocked)
        self._check_failures()

    async def _blocked(self, keys: set[Key]) -> set[Key]:
        """Those of `keys` with an open entry. The database is asked about keys that are remembered as open, no others.

        A partition has one reader, so only this instance parks its keys; an operator only ever closes entries.
        """
        if self._open is None:
            self._open = await self._until_done(self._parking.open_keys)
        doubtful = keys & self._open
        if not doubtful:
            return set()
        blocked = await self._until_done(lambda: self._parking.open_keys(doubtful))
        self._open -= doubtful - blocked
        return blocked

    def _without_ignored(self, read: Sequence[_Read]) -> list[_Read]:
        kept = [one for one in read if not self._ignored(one)]
        if len(kept) < len(read):
            RECORDS.labels(self._group, "ignored").inc(len(read) - len(kept))
        return kept

    def _ignored(self, one: _Read) -> bool:
        """Types of other services that this release does not know; of its own, and of signals, none may be missed."""
        if isinstance(one.content, PassedOver):
            return True
        if not isinstance(one.content, UnknownType) or self._on_unreadable:
            return False
        return not str(one.content).startswith(f"{self._service}.")

    def _content(self, record: Record) -> Content:
        if self._passes_over and wire_of(record.headers) in self._passes_over:
            return PASSED_OVER
        return _content(record)

    async def _deliver_wave(self, wave: Sequence[_Read], blocked: set[Key]) -> None:
        ready: list[tuple[_Read, Recorded]] = []
        faulty: list[tuple[_Read, str]] = []
        for one in wave:
            if one.key in blocked:
                faulty.append((one, BEHIND))
            elif isinstance(one.content, Recorded):
                ready.append((one, one.content))
            else:
                faulty.append((one, f"{type(one.content).__name__}: {one.content}"))
        for (one, _), failed in zip(ready, await self._handle_all([event for _, event in ready]), strict=True):
            if failed is not None:
                self._failures.append(time.monotonic())
                faulty.append((one, f"Failed: {type(failed).__name__}"))
        RECORDS.labels(self._group, "handled").inc(len(wave) - len(faulty))
        await self._park(faulty)
        if not self._on_unreadable:
            blocked.update(one.key for one, _ in faulty if one.key is not None)

    async def _park(self, faulty: Sequence[tuple[_Read, str]]) -> None:
        if not faulty:
            return
        for one, _ in faulty:
            await self._tell(one.record)
        await self._parking.park([(one.record, reason) for one, reason in faulty])
        if self._open is not None:
            self._open.update(one.key for one, _ in faulty if one.key is not None)
        RECORDS.labels(self._group, "parked").inc(len(faulty))
        first, reason = faulty[0]
        log.error(
            "message.parked",
            topic=first.record.topic,
            partition=first.record.partition,
            offset=first.record.offset,
            outcome=f"{len(faulty)} parked",
            error_code=reason.partition(":")[0],
        )

    async def _tell(self, record: Record) -> None:
        """A signal nobody can read is itself a page, so this is tried until it works, whatever the failure."""
        tell = self._on_unreadable
        if tell is not None:
            await self._until_done(lambda: tell(record), whatever=True)

    async def _handle_all(self, events: list[Recorded]) -> list[Exception | None]:
        answers: list[Exception | None] = [None] * len(events)
        waiting, attempt = list(range(len(events))), 0
        while waiting:
            for index, failed in zip(waiting, await self._try([events[i] for i in waiting]), strict=True):
                answers[index] = failed
            waiting = [index for index in waiting if _again(answers[index], attempt)]
            if waiting:
                await self._wait(attempt, answers[waiting[0]])
                attempt += 1
        return answers

    async def _try(self, events: list[Recorded]) -> list[Exception | None]:
        """One attempt. When the handler breaks over the whole batch, each event is tried alone to find the culprit."""
        try:
            answers = await self._handle(events)
            if len(answers) != len(events):
                raise ValueError("a handler answers each event")
            return answers
        except Exception as failed:  # noqa: BLE001 - the handler's bugs are this batch's answers
            if passes(failed) or len(events) == 1:
                return [failed] * len(events)
        return [(await self._try([event]))[0] for event in events]

    async def _until_done(self, work: Callable[[], Awaitable[T]], *, whatever: bool = False) -> T:
        attempt = 0
        while True:
            try:
                return await work()
            except Exception as failed:
                if not (whatever or passes(failed)):
                    raise
                await self._wait(attempt, failed)
                attempt += 1

    async def _wait(self, attempt: int, failed: Exception | None) -> None:
        RECORDS.labels(self._group, "retried").inc()
        if attempt & (attempt - 1) == 0:  # attempts 0, 1, 2, 4, 8 ...: a day of waiting is not a day of lines
            log.warning("message.retried", attempt=attempt + 1, error_code=type(failed).__name__, outcome="waiting")
        await asyncio.sleep(pause(attempt))

    def _check_failures(self) -> None:
        recent = time.monotonic() - self._limits.seconds
        while self._failures and self._failures[0] < recent:
            self._failures.popleft()
        if len(self._failures) > self._limits.failures and not self._on_unreadable:
            raise TooManyParked(f"{len(self._failures)} within {self._limits.seconds:g} s")


def _content(record: Record) -> Content:
    try:
        return event_of(record)
    except (Unreadable, UnknownType) as unreadable:
        return unreadable
    except Exception as bug:  # noqa: BLE001 - whatever bytes a stranger sends, reading them must end
        return Unreadable(type(bug).__name__)


def _again(failed: Exception | None, attempt: int) -> bool:
    if failed is None:
        return False
    return passes(failed) or (isinstance(failed, UnknownHistory) and attempt < UNKNOWN_HISTORY_ATTEMPTS)


def _waves(read: Sequence[_Read]) -> list[list[_Read]]:
    """Split a batch so that no wave holds two records of one key: a later one never overtakes one that parks."""
    seen: dict[Key, int] = {}
    waves: list[list[_Read]] = []
    for one in read:
        place = 0
        if one.key is not None:
            place = seen.get(one.key, 0)
            seen[one.key] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(one)
    return waves
