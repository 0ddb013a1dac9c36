"""Which real server a test gets: the one the environment names, else a container, else a process of this machine."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Start = Callable[[], AbstractContextManager[str]]


@contextmanager
def chosen(*, named: str | None, engine: bool, container: Start, process: Start) -> Iterator[str]:
    """Give the address of a server; what was started for it is stopped at the end, what was named is left alone."""
    if named:
        yield named
        return
    with container() if engine else process() as address:
        yield address
