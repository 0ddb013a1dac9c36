"""Chooses the ports of a stack: asked-for ones or a clear refusal, else the usual ones if free, else any free ones.

Free ports are taken below the range from which the kernel serves outgoing connections, so a process that is
stopped and started again finds its port still free.
"""

import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from deploy.local.surroundings import free_ports, port_variable

USUAL = {
    "referral": 18101,
    "triage": 18102,
    "support": 18103,
    "safeguarding": 18104,
    "outcomes": 18105,
    "mail": 18125,
    "mail-http": 18180,
    "keycloak": 18190,
    "kafka": 18192,
    "kafka-controller": 18193,
    "mongo": 18117,
}
_TRIES = 200


class PortInUse(Exception):
    """A port that was asked for is taken; the message names it, what it was for, and who has it if that is known."""


def choose(
    names: Iterable[str], *, asked: Mapping[str, int], before: Mapping[str, int], usual: Mapping[str, int]
) -> dict[str, int]:
    """One port per name: the asked one, else last time's or the usual one if free, else a free one.

    Raises `PortInUse` when an asked port is taken or asked for twice.
    """
    chosen: dict[str, int] = {}
    for name in names:
        taken = set(chosen.values()) | {port for other, port in asked.items() if other != name}
        if name in asked:
            _refuse_taken(name, asked[name], taken)
            chosen[name] = asked[name]
        else:
            wishes = (port for port in (before.get(name), usual.get(name)) if port)
            chosen[name] = next((port for port in wishes if port not in taken and is_free(port)), 0) or _any_free(taken)
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _refuse_taken(name: str, port: int, taken: set[int]) -> None:
    setting = port_variable(name)
    if port in taken:
        raise PortInUse(f"port {port} is asked for twice; give {setting} another one")
    if not is_free(port):
        raise PortInUse(f"port {port} ({name}) is in use{_holder(port)}; free it or give {setting} another one")


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})" if connection.pid else ""
    except psutil.Error:
        pass
    return ""


def _any_free(taken: set[int]) -> int:
    chance = random.SystemRandom()
    among = free_ports()
    for _ in range(_TRIES):
        port = chance.choice(among)
        if port not in taken and is_free(port):
            return port
    raise PortInUse(f"no free port found between {among.start} and {among.stop - 1}")
