"""Rings when this process has appended to its journal, so that its followers look at once and need not be woken."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

UNHEARD = 0.1
"""Seconds after which a follower looks though nothing rang: another instance's commits ring there, not here.

A cursor that waits inside the server instead is woken by every write to every collection of it: measured, each waiting
cursor cost the server 0.05 ms a write, and ten of them more than the writes.
"""
OTHERS_BUSY = 0.01
QUICK_LOOKS = 100
"""The same while another instance commits: for so many looks after one that found what nobody here rang for."""


class Bell:
    """One per journal and process."""

    def __init__(self) -> None:
        self._ears: dict[Ear, frozenset[str] | None] = {}

    def ring(self, types: Iterable[str]) -> None:
        """Events of these wire types were appended."""
        rung = set(types)
        for ear, only in self._ears.items():
            if only is None or not only.isdisjoint(rung):
                ear.rang.set()

    @contextmanager
    def heard(self, only: frozenset[str] | None = None) -> Iterator["Ear"]:
        """Listen for as long as the block runs; with `only`, for these wire types."""
        ear = Ear()
        self._ears[ear] = only
        try:
            yield ear
        finally:
            del self._ears[ear]


class Ear:
    """One follower's patience between two looks."""

    def __init__(self) -> None:
        self.rang = asyncio.Event()
        self._timed_out = False
        self._quick_looks = 0

    def look(self) -> None:
        """Said before each look: what rings from here on is for the next one."""
        self.rang.clear()

    def found(self) -> None:
        """The look had a result; if nothing rang for it, another instance is at work."""
        if self._timed_out:
            self._quick_looks = QUICK_LOOKS

    async def rest(self) -> None:
        """The look had no result: wait for the bell, or as long as other instances may go unheard."""
        patience = OTHERS_BUSY if self._quick_looks else UNHEARD
        self._quick_looks = max(0, self._quick_looks - 1)
        self._timed_out = False
        try:
            async with asyncio.timeout(patience):
                await self.rang.wait()
        except TimeoutError:
            self._timed_out = True
