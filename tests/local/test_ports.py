"""Ports: an asked one is taken or refused by name, a usual one is used when free, and no two are alike."""

import socket
from collections.abc import Iterator

import pytest

from deploy.local import ports, surroundings
from deploy.local.ports import PortInUse, choose

KERNELS_OWN_FROM = 32_768  # outgoing connections start here on Linux


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_differ_and_lie_where_no_outgoing_connection_takes_them() -> None:
    names = [f"p{number}" for number in range(50)]

    chosen = choose(names, asked={}, before={}, usual={})

    assert len(set(chosen.values())) == len(names)
    assert max(chosen.values()) < KERNELS_OWN_FROM


def test_runs_at_the_same_time_choose_from_ranges_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESIDE_FREE_PORTS", "31990-31999")

    chosen = choose(["kafka", "mongo"], asked={}, before={}, usual={})

    assert set(chosen.values()) <= set(range(31_990, 32_000))


@pytest.mark.parametrize("value", ["20000", "20000-", "a-b", "20000-70000"])
def test_what_is_no_range_of_ports_is_refused_with_the_variables_name(value: str) -> None:
    with pytest.raises(ValueError, match="BESIDE_FREE_PORTS"):
        surroundings.free_ports({"BESIDE_FREE_PORTS": value})


def test_an_asked_port_in_use_is_named_with_what_it_was_for_and_the_setting(taken: int) -> None:
    with pytest.raises(PortInUse) as refused:
        choose(["kafka"], asked={"kafka": taken}, before={}, usual={})

    assert f"port {taken} (kafka) is in use by python" in str(refused.value)
    assert "BESIDE_PORT_KAFKA" in str(refused.value)


def test_the_same_port_asked_twice_is_refused() -> None:
    free = choose(["x"], asked={}, before={}, usual={})["x"]

    with pytest.raises(PortInUse, match="asked for twice"):
        choose(["kafka", "mongo"], asked={"kafka": free, "mongo": free}, before={}, usual={})


def test_last_times_port_is_used_again_while_it_is_free() -> None:
    before = choose(["kafka"], asked={}, before={}, usual={})

    assert choose(["kafka"], asked={}, before=before, usual={"kafka": 1}) == before


def test_a_usual_port_in_use_gives_way_to_a_free_one(taken: int) -> None:
    assert choose(["kafka"], asked={}, before={"kafka": taken}, usual={"kafka": taken})["kafka"] != taken


def test_a_port_of_one_name_is_not_given_to_another_that_asks_for_it() -> None:
    free = choose(["x"], asked={}, before={}, usual={})["x"]

    chosen = choose(["mongo", "kafka"], asked={"kafka": free}, before={"mongo": free}, usual={})

    assert chosen["kafka"] == free
    assert chosen["mongo"] != free


def test_ports_are_asked_for_by_environment() -> None:
    assert surroundings.read({"BESIDE_PORT_MAIL_HTTP": "8025"}).ports == {"mail-http": 8025}


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1"])
def test_what_is_no_port_is_refused_with_the_variables_name(value: str) -> None:
    with pytest.raises(ValueError, match="BESIDE_PORT_KAFKA"):
        surroundings.read({"BESIDE_PORT_KAFKA": value})


def test_usual_ports_are_named_for_everything_that_listens() -> None:
    assert set(ports.USUAL) == set(surroundings.PORT_NAMES)
    assert len(set(ports.USUAL.values())) == len(ports.USUAL)
