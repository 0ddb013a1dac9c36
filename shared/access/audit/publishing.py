"""Carries heads to where whoever changes the database cannot follow: a file at once, Kafka when it answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog
from prometheus_client import Gauge

from shared.access.audit.chain import Head, line_of
from shared.access.audit.lines import LineFile, write_whole
from shared.runtime.producer import FAILURES, Producer
from shared.runtime.transient import pause

log = structlog.get_logger()
TOPIC = "audit.heads"
LOOK_EVERY_S = 2.0
LONGEST_PAUSE_S = 30.0
LAST_TRY_S = 1.0
"""A part has 2.5 s to stop (supervise.py)."""
WAITING = Gauge("beside_audit_heads_waiting", "Bytes of heads in the file that Kafka has not confirmed")


@dataclass(frozen=True, slots=True)
class HeadRecord:
    """A line of the file as a record of the topic; its key is the chain."""

    value: bytes
    key: bytes
    topics: tuple[str, ...]
    headers: Sequence[tuple[str, bytes]] = (("content-type", b"application/json"),)


def heads_path(folder: Path, service: str) -> Path:
    """Where a service's heads are written down."""
    return folder / f"{service}.heads.jsonl"


class HeadsFile:
    """A copy of the heads, and the queue to Kafka. Its methods block on the disk.

    Beside it stands how far Kafka has confirmed; instances that share a folder may carry a head twice, never none.
    """

    def __init__(self, folder: Path, service: str, key: bytes) -> None:
        self._lines = LineFile(heads_path(folder, service))
        self._carried = folder / f"{service}.heads.carried"
        self._key = key

    def append(self, heads: Sequence[Head]) -> None:
        """Write heads down; they are on disk on return. Raises `OSError`."""
        self._lines.append([line_of(self._key, head) for head in heads])

    def waiting(self) -> tuple[list[bytes], int]:
        """Lines that Kafka has not confirmed, in order, a piece at a time; and the place behind them."""
        start, size = self._read_place(), self._lines.size()
        return self._lines.read(start if start <= size else 0)  # another file was put in its place

    def carried(self, place: int) -> None:
        """Kafka has everything up to `place`."""
        write_whole(self._carried, str(place).encode())
        WAITING.set(max(0, self._lines.size() - place))

    def measure(self) -> None:
        """Say how much waits."""
        WAITING.set(max(0, self._lines.size() - self._read_place()))

    def _read_place(self) -> int:
        try:
            return int(self._carried.read_bytes())
        except (FileNotFoundError, ValueError):
            return 0


class HeadsToKafka:
    """A Part: sends what stands in the file, in order and at least once, however long Kafka was away."""

    def __init__(self, file: HeadsFile, kafka_servers: str, *, topic: str = TOPIC) -> None:
        self.name = "audit heads"
        self._file = file
        self._servers = kafka_servers
        self._topic = topic

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        attempt = 0
        while True:
            try:
                await self.carry()
                attempt = 0
            except FAILURES as failed:
                attempt += 1
                log.warning("audit.heads_waiting", attempt=attempt, error_code=type(failed).__name__)
                await asyncio.to_thread(self._file.measure)
            await asyncio.sleep(pause(attempt, longest=LONGEST_PAUSE_S) if attempt else LOOK_EVERY_S)

    async def carry(self) -> int:
        """Send what waits and return how many lines that were. Raises one of `FAILURES`."""
        sent = 0
        lines, place = await asyncio.to_thread(self._file.waiting)
        if lines:
            async with Producer(self._servers) as producer:
                while lines:
                    sent += await producer.send(self._record(line) for line in lines)
                    await asyncio.to_thread(self._file.carried, place)
                    lines, place = await asyncio.to_thread(self._file.waiting)
        return sent

    async def carry_last(self) -> None:
        """One short try when the process stops; what is left stands in the file for the next one."""
        try:
            async with asyncio.timeout(LAST_TRY_S):
                await self.carry()
        except FAILURES as failed:
            log.warning(
                "audit.heads_waiting", error_code=type(failed).__name__, outcome="the next process carries them"
            )

    def _record(self, line: bytes) -> HeadRecord:
        return HeadRecord(line, _key_of(line), (self._topic,))


def _key_of(line: bytes) -> bytes:
    """The chain; whatever a line that is no head says, it is carried as well: a check is to see it."""
    try:
        return str(orjson.loads(line)["chain"]).encode()
    except (ValueError, TypeError, KeyError, IndexError):
        return b"unreadable"
