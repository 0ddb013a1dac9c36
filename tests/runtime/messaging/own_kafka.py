"""A Kafka of a test's own, which it may stop and start: never the shared one."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient

from deploy.local import ports
from deploy.local.child import Child, Condition
from deploy.local.kafka_server import kafka_unit
from deploy.local.testing import wait_until
from deploy.topics import FILE, Topic, create, load


class OwnKafka:
    """Runs inside `with`; its address is known before, and stays the same. Its data outlive a stop."""

    def __init__(self, folder: Path) -> None:
        chosen = ports.choose(("kafka", "kafka-controller"), asked={}, before={}, usual={})
        self.bootstrap = f"127.0.0.1:{chosen['kafka']}"
        unit = kafka_unit(port=chosen["kafka"], controller=chosen["kafka-controller"], folder=folder, topics=False)
        self._child = Child(unit, folder / "kafka.log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        wait_until(lambda: not self.runs, within_s=40, what="Kafka stopped")

    @property
    def runs(self) -> bool:
        """Whether the process exists; looking also notices that it has ended."""
        self._child.step(wanted=False, may_start=False)
        return self._child.pid is not None

    def start(self) -> None:
        """Start it and return when it answers."""
        wait_until(self._is_ready, within_s=60, what=f"Kafka ready; see {self._child.log}")

    def stop(self) -> None:
        """Ask it to end."""
        self._child.stop()

    async def create(self, *names: str) -> None:
        """Make topics with the event topics' settings."""
        like = next(iter(load(FILE.read_text()).values()))
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await create(admin, [Topic(name, like.key, like.partitions, like.settings, (), {}) for name in names])
        finally:
            await admin.close()

    def _is_ready(self) -> bool:
        self._child.step(wanted=True, may_start=True)
        time.sleep(0.02)
        return self._child.condition is Condition.READY
