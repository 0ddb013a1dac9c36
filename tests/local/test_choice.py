"""A test gets the server that the environment names, else a container, else a process; what was started is stopped."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from deploy.local.choice import chosen
from deploy.local.surroundings import read


class Server:
    """Counts how often it was started and stopped."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.log: list[str] = []

    def __call__(self) -> AbstractContextManager[str]:
        """Start it."""
        return self._run()

    @contextmanager
    def _run(self) -> Iterator[str]:
        self.log.append("started")
        try:
            yield self.address
        finally:
            self.log.append("stopped")


@pytest.mark.parametrize(
    ("named", "engine", "expected"),
    [
        ("kafka.example:9092", True, "kafka.example:9092"),
        ("kafka.example:9092", False, "kafka.example:9092"),
        (None, True, "container"),
        (None, False, "process"),
    ],
)
def test_the_order_is_named_then_container_then_process(named: str | None, engine: bool, expected: str) -> None:
    container, process = Server("container"), Server("process")

    with chosen(named=named, engine=engine, container=container, process=process) as address:
        assert address == expected

    for server in (container, process):
        assert server.log == (["started", "stopped"] if server.address == expected else [])


def test_a_failing_test_still_stops_what_it_started() -> None:
    process = Server("process")

    with (
        pytest.raises(ZeroDivisionError),
        chosen(named=None, engine=False, container=Server("container"), process=process),
    ):
        raise ZeroDivisionError

    assert process.log == ["started", "stopped"]


def test_the_environment_names_a_cluster_and_can_forbid_containers() -> None:
    surroundings = read({"BESIDE_TEST_KAFKA": "k:1", "BESIDE_TEST_MONGO": "mongodb://m", "BESIDE_TEST_CONTAINERS": "0"})

    assert (surroundings.test_kafka, surroundings.test_mongo) == ("k:1", "mongodb://m")
    assert not surroundings.containers
    assert read({}).containers
